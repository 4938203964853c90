// Whether a stream is for people at a terminal, and in which colours they want it.
#pragma once

#include <string>

namespace hospes::cli {

enum class Colour { Plain, Green, Yellow, Red, Dim, Bold };

// `fd` leads to a terminal that shows colours, and NO_COLOR is not set.
bool colours_wanted(int fd);

// `text` in a colour if `wanted`, else as it is.
std::string coloured(bool wanted, Colour colour, const std::string& text);

}  // namespace hospes::cli
