#include "devices/serial/console.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hospes::devices {

namespace {
constexpr Nanoseconds kFlushDelay = 2'000'000;
// A pipe or terminal that is ready takes at least this much without blocking (PIPE_BUF).
constexpr std::size_t kChunk = 4096;

bool ready_for_output(int fd) {
    pollfd query{fd, POLLOUT, 0};
    return ::poll(&query, 1, 0) > 0;
}
}  // namespace

Console::Console(EventLoop& loop, int input, int output)
    : loop_(loop), input_(input), output_(output), flush_timer_(loop.create_timer([this] {
          flush_armed_ = false;
          flush();
      })) {}

Console::~Console() {
    listen(false);
    if (waiting_for_output_) loop_.unwatch(output_);
    drain();
}

void Console::connect(Uart16550& uart) {
    uart_ = &uart;
    listen(true);
}

void Console::transmit(std::uint8_t byte) {
    if (pending_.size() >= kDropAt) return;
    pending_.push_back(static_cast<char>(byte));
    if (byte == '\n' || pending_.size() % kChunk == 0) return flush();
    if (flush_armed_ || waiting_for_output_) return;
    flush_armed_ = true;
    flush_timer_->arm(loop_.now() + kFlushDelay);
}

void Console::flush() {
    if (waiting_for_output_) return;
    std::size_t done = 0;
    while (done < pending_.size()) {
        if (!ready_for_output(output_)) {
            wait_for_output();
            break;
        }
        const ssize_t count = ::write(output_, pending_.data() + done, std::min(kChunk, pending_.size() - done));
        if (count > 0) {
            done += static_cast<std::size_t>(count);
        } else if (count < 0 && errno == EAGAIN) {
            wait_for_output();
            break;
        } else if (count < 0 && errno != EINTR) {
            done = pending_.size();  // nobody reads any more (EPIPE) or the disk is full: the guest goes on
        }
    }
    pending_.erase(0, done);
}

// Goes on in flush() once the descriptor is ready.
void Console::wait_for_output() {
    const auto ready = [this](std::uint32_t) {
        const bool was_busy = !can_transmit();
        loop_.unwatch(output_);
        waiting_for_output_ = false;
        flush();
        if (was_busy && can_transmit() && uart_ != nullptr) uart_->transmitter_ready();
    };
    waiting_for_output_ = loop_.watch(output_, EPOLLOUT, ready).ok();
    if (waiting_for_output_ || flush_armed_) return;
    flush_armed_ = true;  // not a descriptor that epoll knows
    flush_timer_->arm(loop_.now() + kFlushDelay);
}

void Console::drain() {
    std::size_t done = 0;
    while (done < pending_.size()) {
        const ssize_t count = ::write(output_, pending_.data() + done, pending_.size() - done);
        if (count > 0) {
            done += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            pollfd query{output_, POLLOUT, 0};
            ::poll(&query, 1, -1);
        } else if (errno != EINTR) {
            break;
        }
    }
    pending_.clear();
}

void Console::listen(bool on) {
    if (input_ < 0 || on == listening_) return;
    listening_ = on;
    if (!on) {
        if (!always_ready_) loop_.unwatch(input_);
        return;
    }
    always_ready_ = !loop_.watch(input_, EPOLLIN, [this](std::uint32_t) { receive(); }).ok();
    if (always_ready_) listening_ = false;  // a file: read whenever the guest has taken what it had
}

void Console::input_taken() {
    if (end_of_input_ || input_ < 0) return;
    if (always_ready_) return receive();
    listen(true);
}

// Reads no more than the UART takes, so that nothing has to be kept here.
void Console::receive() {
    std::uint8_t bytes[Uart16550::kFifoSize];
    const unsigned room = uart_->room();
    if (room == 0) return listen(false);
    const ssize_t count = ::read(input_, bytes, room);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        listen(false);
        end_of_input_ = true;
        return;
    }
    for (ssize_t i = 0; i < count; ++i) uart_->receive(bytes[i]);
    if (uart_->room() == 0) listen(false);
}

}  // namespace hospes::devices
