// The table of commands. A new one is a file of its own, a line here and a line in commands.cc.
#pragma once

#include <vector>

#include "cli/command.h"

namespace hospes::cli {

Command run_command();
Command image_build_command();
Command image_ls_command();
Command image_inspect_command();
Command image_rm_command();
Command doctor_command();
Command version_command();
Command completion_command();
// Hidden.
Command complete_command();
Command manual_command();

// A group of commands whose names have two words, as "image" of "image ls".
struct Group {
    std::string name;
    std::string summary;
};

std::vector<Group> command_groups();
// All of them, in the order in which help lists them.
std::vector<Command> all_commands();

}  // namespace hospes::cli
