#include "cli/say.h"

#include <unistd.h>

#include <cstdio>

namespace hospes::cli {

namespace {

void write_errors(const std::string& text) {
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;  // nowhere left to say it
}

}  // namespace

void say(std::string text) {
    for (char& character : text) {
        if (static_cast<unsigned char>(character) < ' ') character = '?';
    }
    write_errors("hospes: " + text + "\n");
}

void say_lines(const std::string& text, const std::string& lines) {
    say(text);
    write_errors(lines);
}

bool print(const std::string& text) { return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0; }

}  // namespace hospes::cli
