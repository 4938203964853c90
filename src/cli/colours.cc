#include "cli/colours.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace hospes::cli {

namespace {

const char* code_of(Colour colour) {
    switch (colour) {
        case Colour::Green: return "32";
        case Colour::Yellow: return "33";
        case Colour::Red: return "31";
        case Colour::Dim: return "2";
        case Colour::Bold: return "1";
        default: return "0";
    }
}

}  // namespace

bool colours_wanted(int fd) {
    const char* none = ::getenv("NO_COLOR");
    const char* kind = ::getenv("TERM");
    return ::isatty(fd) == 1 && (none == nullptr || *none == '\0') && kind != nullptr &&
           std::string_view(kind) != "dumb";
}

std::string coloured(bool wanted, Colour colour, const std::string& text) {
    if (!wanted || colour == Colour::Plain) return text;
    return std::string("\x1b[") + code_of(colour) + "m" + text + "\x1b[0m";
}

}  // namespace hospes::cli
