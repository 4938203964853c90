// One line of diagnostics on standard error.
#pragma once

#include <string>

namespace hospes::cli {

// Writes "hospes: " + text + newline, in one write; control characters in the text are shown as '?'.
void say(std::string text);

// Writes `text` like say(), then `lines` as they are.
void say_lines(const std::string& text, const std::string& lines);

// Writes all of `text` to standard output. False: nobody takes it.
bool print(const std::string& text);

}  // namespace hospes::cli
