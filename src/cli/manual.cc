#include "cli/manual.h"

#include <algorithm>
#include <cctype>

#include "cli/help.h"
#include "cli/lookup.h"

namespace hospes::cli {

namespace {

constexpr char kHead[] = R"(.TH HOSPES 1 "" "hospes )" HOSPES_VERSION R"(" "User commands"
.SH NAME
hospes \- virtual machines on x86-64 Linux, with or without /dev/kvm
.SH SYNOPSIS
.B hospes
.I COMMAND
[\fIOPTIONS\fR]...
.SH DESCRIPTION
Runs commands and whole systems in virtual machines, as an ordinary user. Where there is no /dev/kvm, a translator of its
own takes its place. Every command has a \fB\-\-help\fR of its own.
)";

constexpr char kFoot[] = R"(.SH FILES
.TP
.I $XDG_DATA_HOME/hospes
Images; ~/.local/share/hospes if XDG_DATA_HOME is not set.
.SH ENVIRONMENT
.TP
.B NO_COLOR
If it is set and not empty, nothing is coloured.
)";

// Text as roff shows it unchanged.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char character : text) {
        if (character == '\\') {
            out += "\\e";
        } else if (character == '-') {
            out += "\\-";
        } else {
            out += character;
        }
    }
    return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string tagged(const std::string& tag, const std::string& text) {
    return ".TP\n.B " + escaped(tag) + "\n" + escaped(text) + "\n";
}

std::string paragraphs(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find("\n\n", at), text.size());
        out += ".PP\n" + escaped(text.substr(at, end - at)) + "\n";
        at = end + 2;
    }
    return out;
}

std::string section(const Command& command) {
    std::string name = "hospes " + command.name;
    std::string out = ".SH \"" + escaped(name) + "\"\n" + escaped(command.summary) + ".\n.PP\n.B " +
                      escaped(usage_of(command)) + "\n" + paragraphs(command.text);
    for (const Argument& argument : command.arguments) out += tagged(argument.name, argument.help);
    for (const Option& option : command.options) {
        std::string title = title_of(option);
        title.erase(0, title.find_first_not_of(' '));
        out += tagged(title, option.help);
    }
    if (!command.examples.empty()) out += ".PP\nExamples:\n";
    for (const Example& example : command.examples) out += tagged(example.line, example.what);
    out += ".PP\nExit status:\n";
    for (const ExitStatus& status : statuses_of(command)) out += tagged(status.status, status.meaning);
    return out;
}

}  // namespace

std::string manual_of(std::span<const Command> commands) {
    std::string out = kHead;
    for (const Command& command : commands) {
        if (!command.hidden) out += section(command);
    }
    return out + kFoot;
}

}  // namespace hospes::cli
