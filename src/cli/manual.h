// The man page hospes(1), from the table of commands.
#pragma once

#include <span>
#include <string>

#include "cli/command.h"
#include "cli/commands.h"

namespace hospes::cli {

// In the man macros of roff.
std::string manual_of(std::span<const Command> commands);

}  // namespace hospes::cli
