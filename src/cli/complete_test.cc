#include "cli/complete.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hospes::cli {
namespace {

using Words = std::vector<std::string>;

// What is offered for the last of `words` by the program's own table.
Words offered(const Words& words) {
    const auto groups = command_groups();
    const auto commands = all_commands();
    const Candidates found = complete(groups, commands, words, [] { return Words{"debian:12", "debian:13", "micro"}; });
    Words names;
    for (const Candidate& one : found.words) names.push_back(one.word);
    std::ranges::sort(names);
    return names;
}

bool holds(const Words& words, const std::string& word) { return std::ranges::find(words, word) != words.end(); }

TEST(Complete, Commands) {
    EXPECT_TRUE(holds(offered({""}), "run"));
    EXPECT_TRUE(holds(offered({""}), "image"));
    EXPECT_EQ(offered({"ru"}), Words{"run"});
    EXPECT_EQ(offered({"--h"}), Words{"--help"});
    EXPECT_TRUE(offered({"__"}).empty()) << "hidden";
    EXPECT_TRUE(offered({"nonsense", ""}).empty());
}

TEST(Complete, OptionsAndTheirValues) {
    EXPECT_EQ(offered({"run", "--mem"}), Words{"--memory"});
    EXPECT_TRUE(holds(offered({"run", "-"}), "-e"));
    EXPECT_EQ(offered({"run", "--pull", "n"}), Words{"never"});
    EXPECT_EQ(offered({"run", "--pull=n"}), Words{"--pull=never"});
    EXPECT_TRUE(offered({"run", "--memory", ""}).empty()) << "a number, not an image";
}

TEST(Complete, Images) {
    EXPECT_EQ(offered({"run", "deb"}), (Words{"debian:12", "debian:13"}));
    EXPECT_EQ(offered({"run", "-t", "--memory", "64", "m"}), Words{"micro"});
    EXPECT_EQ(offered({"run", "--", "m"}), Words{});
}

TEST(Complete, TheGuestsCommandIsNotKnown) {
    EXPECT_TRUE(offered({"run", "micro", "--", "--m"}).empty());
    EXPECT_TRUE(offered({"run", "micro", "ls", "--m"}).empty());
    EXPECT_EQ(offered({"run", "micro", "--mem"}), Words{"--memory"});
}

TEST(Complete, Paths) {
    const Candidates found = complete(command_groups(), all_commands(), {"run", "-v", ""}, [] { return Words{}; });
    EXPECT_EQ(found.paths, Completion::Directory);
}

}  // namespace
}  // namespace hospes::cli
