// Bytes of the other side of a session, in pieces of any size. Promises: no message that is larger than its frame, what
// was read is written again as the same bytes, nothing after an error.
#include <algorithm>
#include <vector>

#include "api/session/codec.h"
#include "fuzz_input.h"

namespace {

using namespace hospes;
using namespace hospes::api::session;
using fuzz::require;

// Takes all messages that are complete; false at an error.
bool drain(FrameReader& reader, std::string& again) {
    for (;;) {
        auto result = reader.next();
        if (!result.ok()) {
            require(!result.error().message().empty());
            require(reader.next().ok() && !reader.in_frame());
            return false;
        }
        if (!result->has_value()) return true;
        const std::string frame = encode(**result);
        require(fits(frame));
        again += frame;
    }
}

}  // namespace

// Input: the size of the pieces, then the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t step = data[0] + std::size_t{1};
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    FrameReader reader;
    std::string again;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const std::size_t count = std::min(step, bytes.size() - at);
        const std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(at + count));
        reader.feed(piece);
        if (!drain(reader, again)) break;
    }
    require(bytes.starts_with(again));
    return 0;
}
