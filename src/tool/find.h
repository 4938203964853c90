// Where a program of the host is.
#pragma once

#include <string>

namespace hospes::tool {

// The path of `program`, looked for in PATH and in the folders of system programs, which an ordinary user's PATH may
// lack; "" if it is nowhere. One that has a slash is its own path.
std::string find(const std::string& program);

}  // namespace hospes::tool
