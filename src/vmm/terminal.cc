#include "vmm/terminal.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace hospes::vmm {

RawTerminal::RawTerminal(int fd) : fd_(fd), is_terminal_(::isatty(fd) == 1) {
    termios now{};
    if (!is_terminal_ || ::tcgetpgrp(fd) != ::getpgrp() || ::tcgetattr(fd, &now) != 0) return;
    saved_ = now;
    ::cfmakeraw(&now);
    now.c_oflag = saved_->c_oflag;  // lines that end in \n only still look right
    ::tcsetattr(fd, TCSANOW, &now);
}

void RawTerminal::restore() {
    if (saved_) ::tcsetattr(fd_, TCSANOW, &*saved_);
    saved_.reset();
}

Result<std::unique_ptr<TerminalInput>> TerminalInput::create(EventLoop& loop, int terminal,
                                                             std::function<void()> escaped) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return Error("cannot make a pipe: " + errno_text(errno) + "; raise the limit of open files");
    }
    std::unique_ptr<TerminalInput> input(
        new TerminalInput(loop, terminal, std::move(escaped), UniqueFd(ends[0]), UniqueFd(ends[1])));
    HOSPES_TRY(loop.watch(terminal, EPOLLIN, [raw = input.get()](std::uint32_t) { raw->receive(); }));
    return input;
}

TerminalInput::TerminalInput(EventLoop& loop, int terminal, std::function<void()> escaped, UniqueFd read_end,
                             UniqueFd write_end)
    : loop_(loop),
      terminal_(terminal),
      escaped_(std::move(escaped)),
      read_end_(std::move(read_end)),
      write_end_(std::move(write_end)) {}

void TerminalInput::receive() {
    char typed[256];
    const ssize_t count = ::read(terminal_, typed, sizeof typed);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return loop_.unwatch(terminal_);  // hung up
    if (count < 0) return;
    char* const end = typed + count;
    char* const escape = std::find(typed, end, kEscape);
    // A guest that reads nothing has 64 KiB to come back to; what is typed beyond that is lost, as on a real line.
    if (::write(write_end_.get(), typed, static_cast<std::size_t>(escape - typed)) < 0 && errno != EAGAIN) return;
    if (escape != end) escaped_();
}

}  // namespace hospes::vmm
