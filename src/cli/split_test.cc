#include "cli/split.h"

#include <gtest/gtest.h>

namespace hospes::cli {
namespace {

using Words = std::vector<std::string>;

class SplitTest : public ::testing::Test {
  protected:
    SplitTest() {
        command_.options = {
            {"-e,--env", "NAME", "", &list_}, {"-t,--tty", "", "", &flag_}, {"--memory", "SIZE", "", &text_}};
        command_.arguments = {{"IMAGE", "", &text_}};
    }
    void expect(const Words& words, const Words& own, const Words& rest) {
        const Split split = split_rest(command_, words);
        EXPECT_EQ(split.own, own);
        EXPECT_EQ(split.rest, rest);
    }

    bool flag_ = false;
    std::string text_;
    Words list_;
    Command command_;
};

TEST_F(SplitTest, TheMarkEndsTheOptions) {
    expect({"micro", "--", "ls", "-l"}, {"micro"}, {"ls", "-l"});
    expect({"--memory", "1G", "micro", "--", "-odd"}, {"--memory", "1G", "micro"}, {"-odd"});
    expect({"micro", "--"}, {"micro"}, {});
    expect({"micro"}, {"micro"}, {});
    expect({}, {}, {});
}

TEST_F(SplitTest, WithoutAMarkTheFirstWordEndsThem) {
    expect({"micro", "ls", "-l", "--memory"}, {"micro"}, {"ls", "-l", "--memory"});
    expect({"micro", "-t", "git", "log", "--", "a"}, {"micro", "-t"}, {"git", "log", "--", "a"});
    expect({"micro", "", "x"}, {"micro"}, {"", "x"});
    expect({"micro", "-", "x"}, {"micro"}, {"-", "x"});
}

TEST_F(SplitTest, OptionsTakeTheirValues) {
    expect({"-e", "micro", "debian", "true"}, {"-e", "micro", "debian"}, {"true"});
    expect({"-eA=1", "debian", "true"}, {"-eA=1", "debian"}, {"true"});
    expect({"-te", "A", "debian", "true"}, {"-te", "A", "debian"}, {"true"});
    expect({"--memory=1G", "debian", "true"}, {"--memory=1G", "debian"}, {"true"});
    expect({"--unknown", "debian", "true"}, {"--unknown", "debian"}, {"true"});
    expect({"-e", "--", "debian", "true"}, {"-e", "--", "debian"}, {"true"});
}

TEST_F(SplitTest, TheMarkMayStandBeforeTheArguments) { expect({"--", "micro", "-x"}, {"--", "micro"}, {"-x"}); }

TEST_F(SplitTest, TellsWhatIsMissing) {
    EXPECT_EQ(split_rest(command_, {"micro", "-e"}).waiting, &command_.options[0]);
    EXPECT_EQ(split_rest(command_, {"-t"}).waiting, nullptr);
    EXPECT_EQ(split_rest(command_, {"-t"}).arguments, 0u);
    EXPECT_EQ(split_rest(command_, {"-t", "micro"}).arguments, 1u);
}

}  // namespace
}  // namespace hospes::cli
