// Carries bytes one way between two descriptors that do not block: of pipes, terminals or ports.
#pragma once

#include <poll.h>

#include <memory>
#include <span>

#include "base/unique_fd.h"

namespace hospes::guest {

class Pump {
  public:
    // What to do with the rest of the input once nobody reads the output.
    enum class Rest {
        Drop,   // read on, so that the sender does not wait for ever
        Refuse  // close the input, so that the writer learns of it
    };

    // `last` is written after all of the input.
    Pump(UniqueFd from, UniqueFd to, Rest rest, const char* last = "");

    // What it waits for now; descriptors of -1 where it waits for nothing.
    void wait_for(std::span<pollfd, 2> entries) const;
    // Moves what can be moved, after poll() has filled the same entries.
    void run(std::span<const pollfd, 2> entries);
    // All is carried; both descriptors are closed.
    bool finished() const { return !from_.valid() && !to_.valid(); }

  private:
    static constexpr std::size_t kSize = 128 << 10;
    static constexpr int kRounds = 8;  // before others get their turn

    bool fill();
    bool flush();
    void lose_reader();
    void end_input();

    UniqueFd from_, to_;
    Rest rest_;
    const char* last_;
    std::unique_ptr<char[]> buffer_;
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace hospes::guest
