#include "cli/parser.h"

#include <gtest/gtest.h>

namespace hospes::cli {
namespace {

using Words = std::vector<std::string>;

class ParserTest : public ::testing::Test {
  protected:
    ParserTest() {
        command_.name = "run";
        command_.options = {
            {"-e,--env", "NAME", "", &list_}, {"-t,--tty", "", "", &flag_}, {"--memory", "SIZE", "", &text_}};
        command_.arguments = {{"IMAGE", "", &image_}};
        command_.rest = &rest_;
    }
    std::string error(const Words& words) {
        auto asked = parse(command_, words);
        return asked.ok() ? "" : asked.error().message();
    }

    bool flag_ = false;
    std::string text_ = "512", image_;
    Words list_, rest_;
    Command command_;
};

TEST_F(ParserTest, FillsTheTargets) {
    ASSERT_EQ(error({"-e", "A=[x,y]", "--env=B", "-t", "micro", "--memory", "64", "--", "sh", "-c", ""}), "");
    EXPECT_EQ(list_, (Words{"A=[x,y]", "B"}));
    EXPECT_TRUE(flag_);
    EXPECT_EQ(text_, "64");
    EXPECT_EQ(image_, "micro");
    EXPECT_EQ(rest_, (Words{"sh", "-c", ""}));
}

TEST_F(ParserTest, DefaultsStay) {
    ASSERT_EQ(error({"micro"}), "");
    EXPECT_EQ(text_, "512");
    EXPECT_TRUE(rest_.empty());
}

TEST_F(ParserTest, HelpIsNoError) {
    EXPECT_EQ(parse(command_, {"--help"}).value(), Asked::Help);
    EXPECT_EQ(parse(command_, {"-h"}).value(), Asked::Help);
    EXPECT_EQ(parse(command_, {"micro", "--", "ls", "--help"}).value(), Asked::Run);
}

TEST_F(ParserTest, ErrorsAdvise) {
    EXPECT_NE(error({"--memry", "micro"}).find("did you mean --memory?"), std::string::npos) << error({"--memry", "x"});
    for (const Words& wrong : {Words{}, Words{"--memory"}, Words{"--memory", "1", "--memory", "2", "micro"},
                               Words{"--tty=maybe", "micro"}, Words{"-x", "micro"}}) {
        const std::string message = error(wrong);
        EXPECT_NE(message.find("; see hospes run --help"), std::string::npos) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos);
    }
}

TEST_F(ParserTest, ListsTakeAllThatIsLeft) {
    command_.rest = nullptr;
    command_.arguments = {{"IMAGE", "", &list_}};
    ASSERT_EQ(error({"a", "b", "c"}), "");
    EXPECT_EQ(list_, (Words{"a", "b", "c"}));
    command_.arguments = {};
    EXPECT_NE(error({"a"}).find("takes no such argument"), std::string::npos);
}

}  // namespace
}  // namespace hospes::cli
