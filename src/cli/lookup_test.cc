#include "cli/lookup.h"

#include <gtest/gtest.h>

namespace hospes::cli {
namespace {

using Words = std::vector<std::string>;

TEST(Lookup, Options) {
    bool flag = false;
    std::string text;
    Command command;
    command.options = {{"-t,--tty", "", "", &flag}, {"-w,--workdir", "DIR", "", &text}, {"--name", "NAME", "", &text}};
    const auto found = [&command](const char* word) {
        const Option* option = find_option(command, word);
        return option == nullptr ? "" : long_name(*option);
    };
    EXPECT_EQ(found("-t"), "--tty");
    EXPECT_EQ(found("-tw"), "--workdir");
    EXPECT_EQ(found("-w/tmp"), "--workdir");
    EXPECT_EQ(found("--name"), "--name");
    EXPECT_EQ(found("--name=x"), "--name");
    EXPECT_EQ(found("--nam"), "");
    EXPECT_EQ(found("-x"), "");
    EXPECT_EQ(found("-"), "");
}

TEST(Lookup, WhatWasMeant) {
    const Words names = {"run", "image", "version", "completion"};
    EXPECT_EQ(nearest("rnu", names), std::nullopt) << "two letters of three";
    EXPECT_EQ(nearest("runn", names), "run");
    EXPECT_EQ(nearest("vesrion", names), "version");
    EXPECT_EQ(nearest("complete", names), std::nullopt);
    EXPECT_EQ(advice("imag", names, "hospes"), "; did you mean image?");
    EXPECT_EQ(advice("start", names, "hospes"), "; see hospes --help");
}

}  // namespace
}  // namespace hospes::cli
