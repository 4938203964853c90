#include "cli/help.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/manual.h"

namespace hospes::cli {
namespace {

std::size_t longest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
    return longest;
}

TEST(Help, EveryCommandSaysWhatItTakes) {
    for (const Command& command : all_commands()) {
        const std::string help = help_for(command);
        EXPECT_NE(help.find("Usage: hospes " + command.name), std::string::npos);
        EXPECT_NE(help.find("Exit status:"), std::string::npos);
        EXPECT_LE(longest_line(help), 80u) << help;
        for (const Option& option : command.options) {
            EXPECT_NE(help.find(title_of(option)), std::string::npos) << option.names;
            EXPECT_FALSE(option.help.empty() || option.help.back() == '.') << option.names;
        }
    }
}

TEST(Help, OverviewHidesWhatIsHidden) {
    const std::string help = help_for_all(command_groups(), all_commands());
    EXPECT_NE(help.find("\n  run "), std::string::npos);
    EXPECT_EQ(help.find("__"), std::string::npos);
}

TEST(Help, UsageNamesWhatMayBeLeftOut) {
    std::string text;
    std::vector<std::string> list, rest;
    Command command;
    command.name = "image rm";
    command.arguments = {{"IMAGE", "", &text}, {"MORE", "", &list, Completion::None, false}};
    command.rest = &rest;
    EXPECT_EQ(usage_of(command), "hospes image rm [OPTIONS] IMAGE [MORE...] [--] [COMMAND [ARGUMENT...]]");
}

TEST(Manual, EscapesWhatRoffWouldRead) {
    bool flag = false;
    Command command;
    command.name = "x";
    command.summary = ".a \\ b";
    command.options = {{"--flag", "", "'quoted", &flag}};
    const std::string page = manual_of({{command}});
    EXPECT_NE(page.find("\n\\&.a \\e b.\n"), std::string::npos) << page;
    EXPECT_NE(page.find("\n.B \\-\\-flag\n\\&'quoted\n"), std::string::npos) << page;
}

}  // namespace
}  // namespace hospes::cli
