#include "cli/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/lookup.h"
#include "cli/parser.h"
#include "cli/say.h"

namespace hospes::cli {

namespace {

using Words = std::vector<std::string>;

// A file opened in the place of a closed standard descriptor would get what is meant for that one.
void fill_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return;
    }
}

bool asks_for_help(const Words& words) { return words[0] == "--help" || words[0] == "-h" || words[0] == "help"; }

int run(const Command& command, const Words& words) {
    auto asked = parse(command, words);
    if (!asked.ok()) {
        say(asked.error().message());
        return command.usage_status;
    }
    if (*asked == Asked::Help) return print(help_for(command)) ? 0 : 1;
    auto status = command.run();
    if (status.ok()) return *status;
    say(status.error().message());
    return command.error_status;
}

int unknown_command(const std::string& name, std::span<const Command> commands, std::span<const Group> groups,
                    const std::string& prefix) {
    Words names;
    for (const Command& command : commands) {
        if (!command.hidden && command.name.starts_with(prefix)) names.push_back(command.name.substr(prefix.size()));
    }
    if (prefix.empty()) {
        for (const Group& group : groups) names.push_back(group.name);
    }
    const std::string program = prefix.empty() ? "hospes" : "hospes " + prefix.substr(0, prefix.size() - 1);
    say("there is no command \"" + prefix + name + "\"" + advice(name, names, program));
    return kUsageStatus;
}

int run_group(const Group& group, std::span<const Command> commands, const Words& words) {
    if (words.empty()) {
        say("which one? see hospes " + group.name + " --help");
        return kUsageStatus;
    }
    if (asks_for_help(words)) return print(help_for(group, commands)) ? 0 : 1;
    const Command* command = find_command(commands, group.name + " " + words[0]);
    if (command == nullptr) return unknown_command(words[0], commands, {}, group.name + " ");
    return run(*command, {words.begin() + 1, words.end()});
}

}  // namespace

int run(int count, const char* const* words) {
    fill_standard_descriptors();
    ::signal(SIGPIPE, SIG_IGN);  // a reader that went away shows as EPIPE
    const auto commands = all_commands();
    const auto groups = command_groups();
    Words given(words + 1, words + count);
    if (given.empty()) {
        say("what is to be done? see hospes --help");
        return kUsageStatus;
    }
    if (asks_for_help(given) && given.size() == 1) return print(help_for_all(groups, commands)) ? 0 : 1;
    if (given[0] == "--version") given[0] = "version";
    if (given[0] == "help") {  // "help image ls" is "image ls --help"
        given.erase(given.begin());
        given.push_back("--help");
    }
    const Words others(given.begin() + 1, given.end());
    if (const Command* command = find_command(commands, given[0])) return run(*command, others);
    const auto group = std::ranges::find(groups, given[0], &Group::name);
    if (group != groups.end()) return run_group(*group, commands, others);
    return unknown_command(given[0], commands, groups, "");
}

}  // namespace hospes::cli
