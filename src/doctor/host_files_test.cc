#include "doctor/host_files.h"

#include <gtest/gtest.h>

namespace hospes::doctor {
namespace {

TEST(HostFiles, TakesLinesAndWords) {
    std::string_view text = "one  two\t3\n\nlast";
    auto line = next_line(text);
    ASSERT_TRUE(line.has_value());
    EXPECT_EQ(next_word(*line), "one");
    EXPECT_EQ(next_word(*line), "two");
    EXPECT_EQ(next_word(*line), "3");
    EXPECT_EQ(next_word(*line), "");
    EXPECT_EQ(next_line(text), "");
    EXPECT_EQ(next_line(text), "last");
    EXPECT_EQ(next_line(text), std::nullopt);
}

TEST(HostFiles, ReadsWholeNumbersOnly) {
    EXPECT_EQ(number_of("0"), 0u);
    EXPECT_EQ(number_of("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(number_of("18446744073709551616"), std::nullopt);
    EXPECT_EQ(number_of(""), std::nullopt);
    EXPECT_EQ(number_of("12x"), std::nullopt);
    EXPECT_EQ(number_of("-1"), std::nullopt);
}

TEST(HostFiles, ReadsFilesOfTheKernel) {
    EXPECT_TRUE(read_text("/proc/meminfo").value_or("").starts_with("MemTotal:"));
    EXPECT_EQ(read_text("/nonexistent"), std::nullopt);
    EXPECT_EQ(read_text("/proc"), std::nullopt);
}

TEST(HostFiles, ShowsSizes) {
    EXPECT_EQ(size_text(512ull << 20), "512 MiB");
    EXPECT_EQ(size_text(3ull << 29), "1.5 GiB");
}

}  // namespace
}  // namespace hospes::doctor
