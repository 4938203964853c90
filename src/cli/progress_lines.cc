#include "cli/progress_lines.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "cli/colours.h"

namespace hospes::cli {

namespace {

constexpr const char* kClearLine = "\r\x1b[K";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kPlain = "\x1b[0m";

void write_errors(const std::string& text) {
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nowhere left to say it
}

std::size_t terminal_width() {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

}  // namespace

ProgressLines::ProgressLines() : terminal_(::isatty(STDERR_FILENO) == 1), colours_(colours_wanted(STDERR_FILENO)) {}

void ProgressLines::step(unsigned number, unsigned count, std::string_view what) {
    step_ = std::to_string(number) + "/" + std::to_string(count) + " " + std::string(what);
    percent_ = 0;
    show(step_);
}

void ProgressLines::percent(unsigned done) {
    if (!terminal_ || done == percent_) return;
    percent_ = done;
    show(step_ + " " + std::to_string(std::min(done, 100u)) + " %");
}

void ProgressLines::note(std::string_view line) {
    clear();
    write_errors("hospes: " + std::string(line) + "\n");
}

void ProgressLines::show(const std::string& line) {
    const std::string text = "hospes: " + line;
    if (!terminal_) return write_errors(text + "\n");
    const std::string fitting = text.substr(0, std::max<std::size_t>(terminal_width(), 2) - 1);
    write_errors(kClearLine + (colours_ ? kDim + fitting + kPlain : fitting));
    shown_ = true;
}

void ProgressLines::clear() {
    if (shown_) write_errors(kClearLine);
    shown_ = false;
}

}  // namespace hospes::cli
