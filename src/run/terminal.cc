#include "run/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace hospes::run {

WindowShape window_shape() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        winsize size{};
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
            return {size.ws_row, size.ws_col};
    }
    return {};
}

void Terminal::enter() {
    termios now{};
    if (saved_ || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp() || ::tcgetattr(STDIN_FILENO, &now) != 0) return;
    saved_ = now;
    ::cfmakeraw(&now);
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

void Terminal::restore() {
    if (saved_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*saved_);
    saved_.reset();
}

}  // namespace hospes::run
