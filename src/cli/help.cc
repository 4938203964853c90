#include "cli/help.h"

#include <algorithm>

#include "cli/lookup.h"

namespace hospes::cli {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kMaxColumn = 28;

struct Row {
    std::string title;
    std::string text;
};

// Words of `text` in lines of at most `width`, each after `indent` spaces; the first line has its indent already.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
    std::string out;
    std::size_t column = indent;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::size_t length = end - at;
        if (column > indent && column + 1 + length > width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        }
        if (column > indent) {
            out += ' ';
            ++column;
        }
        out += text.substr(at, length);
        column += length;
        at = end + 1;
    }
    return out + "\n";
}

std::string table(const std::string& heading, const std::vector<Row>& rows) {
    if (rows.empty()) return "";
    std::size_t column = 0;
    for (const Row& row : rows) {
        if (row.title.size() <= kMaxColumn) column = std::max(column, row.title.size());
    }
    std::string out = "\n" + heading + ":\n";
    for (const Row& row : rows) {
        const std::size_t indent = 2 + column + 2;
        out += "  " + row.title;
        out += row.title.size() > column ? "\n" + std::string(indent, ' ')
                                         : std::string(indent - 2 - row.title.size(), ' ');
        out += wrapped(row.text, indent, kWidth);
    }
    return out;
}

// Each paragraph wrapped; one that begins with a space is left as it is.
std::string paragraphs(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find("\n\n", at), text.size());
        const std::string one = text.substr(at, end - at);
        out += "\n" + (one.starts_with(' ') ? one + "\n" : wrapped(one, 0, kWidth));
        at = end + 2;
    }
    return out;
}

std::vector<Row> command_rows(std::span<const Command> commands, const std::string& prefix) {
    std::vector<Row> rows;
    for (const Command& command : commands) {
        if (!command.hidden && command.name.starts_with(prefix)) rows.push_back({command.name, command.summary});
    }
    return rows;
}

}  // namespace

std::string usage_of(const Command& command) {
    std::string usage = "hospes " + command.name + " [OPTIONS]";
    for (const Argument& argument : command.arguments) {
        const bool list = std::holds_alternative<std::vector<std::string>*>(argument.target);
        const std::string name = argument.name + (list ? "..." : "");
        usage += argument.required ? " " + name : " [" + name + "]";
    }
    return usage + (command.rest != nullptr ? " [--] [COMMAND [ARGUMENT...]]" : "");
}

std::string title_of(const Option& option) {
    const auto names = names_of(option);
    const std::string title = names.size() > 1             ? names[0] + ", " + names[1]
                              : names[0].starts_with("--") ? "    " + names[0]
                                                           : names[0];
    return takes_value(option) ? title + " " + option.value : title;
}

std::vector<ExitStatus> statuses_of(const Command& command) {
    if (!command.statuses.empty()) return command.statuses;
    return {{"0", "done"},
            {std::to_string(command.error_status), "not done; one line on standard error says why"},
            {std::to_string(command.usage_status), "the command line cannot be meant"}};
}

std::string help_for(const Command& command) {
    std::string out = command.summary + ".\n\nUsage: " + usage_of(command) + "\n" + paragraphs(command.text);
    std::vector<Row> rows;
    for (const Argument& argument : command.arguments) rows.push_back({argument.name, argument.help});
    out += table("Arguments", rows);
    rows.clear();
    for (const Option& option : command.options) rows.push_back({title_of(option), option.help});
    rows.push_back({"-h, --help", "show this and end"});
    out += table("Options", rows);
    if (!command.examples.empty()) out += "\nExamples:\n";
    for (const Example& example : command.examples) {
        out += "  " + example.line + "\n      " + wrapped(example.what, 6, kWidth);
    }
    rows.clear();
    for (const ExitStatus& status : statuses_of(command)) rows.push_back({status.status, status.meaning});
    return out + table("Exit status", rows);
}

std::string help_for(const Group& group, std::span<const Command> commands) {
    return group.summary + ".\n\nUsage: hospes " + group.name + " COMMAND [OPTIONS]...\n" +
           table("Commands", command_rows(commands, group.name + " ")) + "\nEach has a --help of its own.\n";
}

std::string help_for_all(std::span<const Group> groups, std::span<const Command> commands) {
    std::vector<Row> rows;
    for (const Command& command : commands) {
        if (!command.hidden && command.name.find(' ') == std::string::npos) {
            rows.push_back({command.name, command.summary});
        }
    }
    for (const Group& group : groups) {
        if (!command_rows(commands, group.name + " ").empty()) rows.push_back({group.name + " ...", group.summary});
    }
    return "Virtual machines on x86-64 Linux, with or without /dev/kvm, without root.\n"
           "\nUsage: hospes COMMAND [OPTIONS]...\n" +
           table("Commands", rows) +
           "\nEach has a --help of its own, as in: hospes run --help\n"
           "\nExit status: 0 done; 1 not done; 2 the command line cannot be meant. `run` has its own.\n";
}

}  // namespace hospes::cli
