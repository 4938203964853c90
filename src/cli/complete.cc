#include "cli/complete.h"

#include <algorithm>

#include "cli/lookup.h"
#include "cli/split.h"

namespace hospes::cli {

namespace {

using Words = std::vector<std::string>;
using Images = std::function<Words()>;

Candidates command_names(std::span<const Group> groups, std::span<const Command> commands) {
    Candidates found;
    for (const Command& command : commands) {
        if (!command.hidden && command.name.find(' ') == std::string::npos) {
            found.words.push_back({command.name, command.summary});
        }
    }
    for (const Group& group : groups) found.words.push_back({group.name, group.summary});
    found.words.push_back({"--help", "Show what there is"});
    return found;
}

Candidates names_in_group(const Group& group, std::span<const Command> commands) {
    Candidates found;
    const std::string prefix = group.name + " ";
    for (const Command& command : commands) {
        if (command.name.starts_with(prefix))
            found.words.push_back({command.name.substr(prefix.size()), command.summary});
    }
    return found;
}

Candidates values(Completion completion, const Words& words, const Images& images, const std::string& prefix) {
    Candidates found;
    if (completion == Completion::File || completion == Completion::Directory) found.paths = completion;
    for (const std::string& word : completion == Completion::Image ? images() : words) {
        found.words.push_back({prefix + word, ""});
    }
    return found;
}

Candidates option_names(const Command& command) {
    Candidates found;
    for (const Option& option : command.options) {
        for (const std::string& name : names_of(option)) found.words.push_back({name, option.help});
    }
    found.words.push_back({"--help", "show help and end"});
    return found;
}

Candidates arguments(const Command& command, std::size_t given, const Images& images) {
    if (command.arguments.empty()) return {};
    const bool list = std::holds_alternative<Words*>(command.arguments.back().target);
    if (given >= command.arguments.size() && !list) return {};
    const std::size_t next = std::min(given, command.arguments.size() - 1);
    return values(command.arguments[next].completion, {}, images, "");
}

Candidates in_command(const Command& command, const Words& words, const Images& images) {
    const std::string& typed = words.back();
    const Split split = split_rest(command, {words.begin(), words.end() - 1});
    if (split.waiting != nullptr) return values(split.waiting->completion, split.waiting->words, images, "");
    const bool guests = command.rest != nullptr && (split.marked || !split.rest.empty());
    if (guests) return {};  // a command inside the guest
    const std::size_t equals = typed.find('=');
    if (typed.starts_with("--") && equals != std::string::npos) {
        const Option* option = find_option(command, typed);
        if (option == nullptr) return {};
        return values(option->completion, option->words, images, typed.substr(0, equals + 1));
    }
    if (typed.starts_with("-") && !split.marked) return option_names(command);
    return arguments(command, split.arguments, images);
}

Candidates all_for(std::span<const Group> groups, std::span<const Command> commands, const Words& words,
                   const Images& images) {
    if (words.size() < 2) return command_names(groups, commands);
    if (const Command* command = find_command(commands, words[0])) {
        return in_command(*command, {words.begin() + 1, words.end()}, images);
    }
    const auto group = std::ranges::find(groups, words[0], &Group::name);
    if (group == groups.end()) return {};
    if (words.size() == 2) return names_in_group(*group, commands);
    const Command* command = find_command(commands, words[0] + " " + words[1]);
    if (command == nullptr) return {};
    return in_command(*command, {words.begin() + 2, words.end()}, images);
}

}  // namespace

Candidates complete(std::span<const Group> groups, std::span<const Command> commands, const Words& words,
                    const Images& images) {
    Candidates found = all_for(groups, commands, words, images);
    const std::string typed = words.empty() ? "" : words.back();
    std::erase_if(found.words, [&typed](const Candidate& one) { return !one.word.starts_with(typed); });
    return found;
}

}  // namespace hospes::cli
