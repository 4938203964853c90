#include "cli/lookup.h"

#include <algorithm>
#include <numeric>

namespace hospes::cli {

namespace {

// Number of characters to insert, remove or replace (Levenshtein).
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), 0u);
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

const Option* find_name(const Command& command, std::string_view name) {
    for (const Option& option : command.options) {
        for (const std::string& one : names_of(option)) {
            if (one == name) return &option;
        }
    }
    return nullptr;
}

}  // namespace

std::vector<std::string> names_of(const Option& option) {
    const std::size_t comma = option.names.find(',');
    if (comma == std::string::npos) return {option.names};
    return {option.names.substr(0, comma), option.names.substr(comma + 1)};
}

std::string long_name(const Option& option) { return names_of(option).back(); }

bool takes_value(const Option& option) { return !option.value.empty(); }

const Option* find_option(const Command& command, std::string_view word) {
    if (word.starts_with("--")) return find_name(command, word.substr(0, word.find('=')));
    const Option* found = nullptr;
    for (std::size_t i = 1; i < word.size(); ++i) {
        found = find_name(command, std::string{'-', word[i]});
        if (found == nullptr || takes_value(*found)) return found;  // what follows is its value
    }
    return found;
}

const Command* find_command(std::span<const Command> commands, std::string_view name) {
    const auto found = std::ranges::find(commands, name, &Command::name);
    return found == commands.end() ? nullptr : &*found;
}

std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> candidates) {
    std::optional<std::string> best;
    std::size_t least = typed.size() / 3 + 1;  // one slip in three characters
    for (const std::string& candidate : candidates) {
        const std::size_t apart = distance(typed, candidate);
        if (apart >= least) continue;
        least = apart;
        best = candidate;
    }
    return best;
}

std::string advice(std::string_view typed, std::span<const std::string> candidates, std::string_view help) {
    if (const auto near = nearest(typed, candidates)) return "; did you mean " + *near + "?";
    return "; see " + std::string(help) + " --help";
}

}  // namespace hospes::cli
