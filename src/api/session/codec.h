// Messages to bytes and back. The reader believes nothing that it is sent: every length is checked against what there
// is and against a limit, and a frame must be exactly as long as its message.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "api/session/messages.h"
#include "base/result.h"

namespace hospes::api::session {

// What a frame may hold after its length field. Enough for a Start with all the arguments that Linux would take in
// practice; a sender asks fits() first.
inline constexpr std::size_t kMaxFrame = 1 << 20;

// One frame, its length field included.
std::string encode(Message message);

// Whether the other side will take this frame (one that encode() gave).
inline bool fits(const std::string& frame) { return frame.size() <= kMaxFrame + 4; }

// Bytes in, messages out. Holds no more than one frame's bytes and what feed() was given.
class FrameReader {
  public:
    // Appends bytes, in pieces of any size.
    void feed(std::span<const char> bytes);

    // The next message; nullopt if its frame is not complete yet: to be called until then after each feed(). An error
    // is the end: the bytes after it mean nothing, and there are no more messages.
    Result<std::optional<Message>> next();

    // Whether bytes of an incomplete frame are waiting: at the end of the stream this is a frame cut short.
    bool in_frame() const { return taken_ < bytes_.size(); }

  private:
    Error broken(const std::string& why);

    std::string bytes_;
    std::size_t taken_ = 0;  // bytes_ up to here were given as messages
    bool broken_ = false;
};

}  // namespace hospes::api::session
