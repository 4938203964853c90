// Where a command's own words end and those begin that it passes on unread.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace hospes::cli {

struct Split {
    std::vector<std::string> own;
    std::vector<std::string> rest;
    std::size_t arguments = 0;        // how many of `own` are arguments
    bool marked = false;              // a "--" was among them
    const Option* waiting = nullptr;  // the last word is an option without its value
};

// Options may stand before and right after the arguments: the first word after the arguments that is no option, or
// "--", ends them. So in `run micro git log -- a` the last "--" is git's. Unknown options count as flags.
Split split_rest(const Command& command, const std::vector<std::string>& words);

}  // namespace hospes::cli
