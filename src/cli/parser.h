// Words to a command's targets, by CLI11.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace hospes::cli {

enum class Asked { Run, Help };

// Fills the targets of `command` from the words after its name. Errors: one line with advice.
Result<Asked> parse(const Command& command, const std::vector<std::string>& words);

}  // namespace hospes::cli
