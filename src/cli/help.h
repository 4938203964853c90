// What --help says, and the lines that it shares with the man page.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/commands.h"

namespace hospes::cli {

// "hospes run [OPTIONS] IMAGE [--] [COMMAND...]"
std::string usage_of(const Command& command);
// "-e, --env NAME[=VALUE]"
std::string title_of(const Option& option);
// The command's statuses, or the usual ones.
std::vector<ExitStatus> statuses_of(const Command& command);

std::string help_for(const Command& command);
std::string help_for(const Group& group, std::span<const Command> commands);
std::string help_for_all(std::span<const Group> groups, std::span<const Command> commands);

}  // namespace hospes::cli
