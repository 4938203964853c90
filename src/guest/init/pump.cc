#include "guest/init/pump.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hospes::guest {

namespace {
bool must_wait() { return errno == EAGAIN || errno == EINTR; }
}  // namespace

Pump::Pump(UniqueFd from, UniqueFd to, Rest rest, const char* last)
    : from_(std::move(from)), to_(std::move(to)), rest_(rest), last_(last), buffer_(new char[kSize]) {}

// The output is watched even if there is nothing to write: poll() always tells of a reader that is gone. The input is
// watched only if there is room, since its end is told of for ever.
void Pump::wait_for(std::span<pollfd, 2> entries) const {
    const bool empty = begin_ == end_;
    entries[0] = {.fd = empty ? from_.get() : -1, .events = POLLIN, .revents = 0};
    entries[1] = {.fd = to_.get(), .events = static_cast<short>(empty ? 0 : POLLOUT), .revents = 0};
}

void Pump::run(std::span<const pollfd, 2> entries) {
    if ((entries[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) lose_reader();
    if (entries[0].revents == 0 && entries[1].revents == 0) return;
    for (int round = 0; round < kRounds; ++round) {
        if (!flush() || !fill()) return;
    }
    flush();
}

// Whether there is something to do: bytes to write, or an end to pass on.
bool Pump::fill() {
    begin_ = end_ = 0;
    while (from_.valid() && end_ < kSize) {
        const ssize_t count = ::read(from_.get(), buffer_.get() + end_, kSize - end_);
        if (count > 0) {
            end_ += static_cast<std::size_t>(count);
            continue;
        }
        if (count < 0 && must_wait()) break;
        end_input();  // EIO is the end of a terminal
    }
    return end_ > 0 || !from_.valid();
}

// Whether all is written and more may come.
bool Pump::flush() {
    if (!to_.valid()) begin_ = end_;
    while (begin_ < end_ && to_.valid()) {
        const ssize_t count = ::write(to_.get(), buffer_.get() + begin_, end_ - begin_);
        if (count > 0) {
            begin_ += static_cast<std::size_t>(count);
        } else if (count < 0 && !must_wait()) {
            lose_reader();  // which leaves nothing to write
        } else {
            return false;
        }
    }
    if (!from_.valid()) to_ = UniqueFd();
    return from_.valid();
}

void Pump::lose_reader() {
    to_ = UniqueFd();
    if (rest_ == Rest::Refuse) from_ = UniqueFd();
    begin_ = end_ = 0;
}

void Pump::end_input() {
    from_ = UniqueFd();
    const std::size_t length = std::min(std::strlen(last_), kSize - end_);
    std::memcpy(buffer_.get() + end_, last_, length);
    end_ += length;
}

}  // namespace hospes::guest
