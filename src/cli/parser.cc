// The only file of the program with exceptions: CLI11 reports with them. None leaves it.
#include "cli/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/lookup.h"
#include "cli/split.h"

namespace hospes::cli {

namespace {

void declare(CLI::App& app, const Option& option) {
    if (bool* const* flag = std::get_if<bool*>(&option.target)) {
        app.add_flag(option.names, **flag)->disable_flag_override();
    } else if (std::string* const* text = std::get_if<std::string*>(&option.target)) {
        app.add_option(option.names, **text)->type_name(option.value);
    } else {
        app.add_option(option.names, *std::get<std::vector<std::string>*>(option.target))
            ->type_name(option.value)
            ->allow_extra_args(false);
    }
}

void declare(CLI::App& app, const Argument& argument) {
    if (std::string* const* text = std::get_if<std::string*>(&argument.target)) {
        app.add_option(argument.name, **text)->required(argument.required);
    } else {
        app.add_option(argument.name, *std::get<std::vector<std::string>*>(argument.target))
            ->required(argument.required);
    }
}

std::string called(const Command& command) { return "hospes " + command.name; }

Error unknown(const Command& command, const std::string& word) {
    if (!word.starts_with("-")) {
        return Error("cannot use \"" + word + "\": " + called(command) + " takes no such argument; see " +
                     called(command) + " --help");
    }
    std::vector<std::string> names = {"--help"};
    for (const Option& option : command.options) {
        for (const std::string& name : names_of(option)) names.push_back(name);
    }
    const std::string name = word.substr(0, word.find('='));
    return Error("there is no option " + name + " of " + called(command) + advice(name, names, called(command)));
}

}  // namespace

Result<Asked> parse(const Command& command, const std::vector<std::string>& words) {
    CLI::App app("", called(command));
    app.allow_extras();
    for (const Option& option : command.options) declare(app, option);
    for (const Argument& argument : command.arguments) declare(app, argument);
    Split split{words, {}};
    if (command.rest != nullptr) {
        split = split_rest(command, words);
        *command.rest = split.rest;
    }
    std::ranges::reverse(split.own);  // as CLI11 takes them
    try {
        app.parse(split.own);
    } catch (const CLI::CallForHelp&) {
        return Asked::Help;
    } catch (const CLI::Error& error) {
        return Error(std::string("cannot use the command line: ") + error.what() + "; see " + called(command) +
                     " --help");
    }
    if (const auto extras = app.remaining(); !extras.empty()) return unknown(command, extras[0]);
    return Asked::Run;
}

}  // namespace hospes::cli
