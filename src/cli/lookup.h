// Finding commands and options by what was typed, and what may have been meant instead.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace hospes::cli {

// "-e,--env" to its names.
std::vector<std::string> names_of(const Option& option);
// The last of them, which is the long one.
std::string long_name(const Option& option);
// Every command takes -h and --help; they are not in its table.
bool takes_value(const Option& option);

// The option that `word` names ("--env", "--env=A", "-e", "-eA", the last one of "-tTe"), or nullptr.
const Option* find_option(const Command& command, std::string_view word);

// The command called `name`, hidden ones included, or nullptr.
const Command* find_command(std::span<const Command> commands, std::string_view name);

// The one of `candidates` that differs from `typed` by a slip of the hand, or nullopt.
std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> candidates);

// "; did you mean X?" or, if nothing is near, "; see HELP --help".
std::string advice(std::string_view typed, std::span<const std::string> candidates, std::string_view help);

}  // namespace hospes::cli
