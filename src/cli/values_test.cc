#include "cli/values.h"

#include <gtest/gtest.h>

namespace hospes::cli {
namespace {

TEST(Values, Sizes) {
    EXPECT_EQ(parse_size("--memory", "512").value(), 512ull << 20);
    EXPECT_EQ(parse_size("--memory", "512M").value(), 512ull << 20);
    EXPECT_EQ(parse_size("--memory", "10G").value(), 10ull << 30);
    EXPECT_EQ(parse_size("--memory", "2T").value(), 2ull << 40);
    for (const char* wrong : {"", "0", "-1", "1.5G", "10GB", "10 G", "G", "0x10", "99999999999999999999", "2000000T"}) {
        auto size = parse_size("--memory", wrong);
        ASSERT_FALSE(size.ok()) << wrong;
        EXPECT_NE(size.error().message().find("--memory"), std::string::npos);
    }
}

TEST(Values, Durations) {
    EXPECT_EQ(parse_duration("--timeout", "90").value(), 90 * kSecond);
    EXPECT_EQ(parse_duration("--timeout", "0.5s").value(), kSecond / 2);
    EXPECT_EQ(parse_duration("--timeout", "1.5m").value(), 90 * kSecond);
    EXPECT_EQ(parse_duration("--timeout", "2h").value(), 7200 * kSecond);
    EXPECT_EQ(parse_duration("--timeout", "1d").value(), 86400 * kSecond);
    for (const char* wrong : {"", "0", "-1", "5x", "5ms", "inf", "nan", "1e300", "s"}) {
        EXPECT_FALSE(parse_duration("--timeout", wrong).ok()) << wrong;
    }
}

}  // namespace
}  // namespace hospes::cli
