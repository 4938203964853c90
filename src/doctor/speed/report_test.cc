#include "doctor/speed/report.h"

#include <gtest/gtest.h>

namespace hospes::doctor {
namespace {

constexpr const char* kWhole =
    "[    0.5] a kernel's words\r\n"
    "hospes-speed 1 begin\r\n"
    "hospes-speed int 1500000 00000000000000ff\r\n"
    "hospes-speed fp 2 1\r\n"
    "hospes-speed simd 3 2\r\n"
    "hospes-speed sys 5 4\r\n"
    "hospes-speed mem 4 3\r\n"
    "hospes-speed end\r\n";

TEST(SpeedReport, ReadsEachClassInAnyOrder) {
    auto report = parse_speed_report(kWhole);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ((*report)[0].nanoseconds, 1500000u);
    EXPECT_EQ((*report)[0].checksum, 255u);
    EXPECT_EQ((*report)[3].nanoseconds, 4u);
    EXPECT_EQ((*report)[4].checksum, 4u);
}

TEST(SpeedReport, AClassThatIsMissingIsNamed) {
    std::string text = kWhole;
    text.replace(text.find("simd"), 4, "what");
    const auto report = parse_speed_report(text);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().message(), "it gave no result for the class simd");
}

TEST(SpeedReport, WhatIsNoResultIsNone) {
    for (const char* line :
         {"hospes-speed int 0 1", "hospes-speed int -5 1", "hospes-speed int 5", "hospes-speed int 5 xyz",
          "hospes-speed int 5 11111111111111111", "int 5 1", "hospes-speed"}) {
        std::string text = kWhole;
        const std::size_t begin = text.find("hospes-speed int");
        text.replace(begin, text.find("\r\n", begin) - begin, line);
        EXPECT_FALSE(parse_speed_report(text).ok()) << line;
    }
}

}  // namespace
}  // namespace hospes::doctor
