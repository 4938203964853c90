#include "doctor/system_files.h"

#include <gtest/gtest.h>

namespace hospes::doctor {
namespace {

TEST(SystemFiles, ReadsMeminfo) {
    constexpr std::string_view kText = "MemTotal:  24683 kB\nMemAvailable:\t1024 kB\nHugePages_Free:  0\n";
    EXPECT_EQ(meminfo_bytes(kText, "MemAvailable"), 1u << 20);
    EXPECT_EQ(meminfo_bytes(kText, "Mem"), std::nullopt);
    EXPECT_EQ(meminfo_bytes("MemAvailable: 18446744073709551615 kB\n", "MemAvailable"), std::nullopt);
    EXPECT_EQ(meminfo_bytes("MemAvailable:\n", "MemAvailable"), std::nullopt);
}

TEST(SystemFiles, FindsSubordinateIds) {
    constexpr std::string_view kText = "ada:100000:65536\nada:300000:10\n1001:200000:70000\nbroken\nx:1\n:::\n";
    EXPECT_EQ(subordinate_ids(kText, "ada", "1000"), 65536u);
    EXPECT_EQ(subordinate_ids(kText, "bob", "1001"), 70000u);
    EXPECT_EQ(subordinate_ids(kText, "eve", "1002"), 0u);
    EXPECT_EQ(subordinate_ids("ada:100000:many\n", "ada", "1000"), 0u);
}

TEST(SystemFiles, FindsTheChosenWord) {
    EXPECT_EQ(chosen_word("always [madvise] never\n"), "madvise");
    EXPECT_EQ(chosen_word("always madvise never\n"), "");
    EXPECT_EQ(chosen_word("[broken"), "");
    EXPECT_EQ(chosen_word(""), "");
}

}  // namespace
}  // namespace hospes::doctor
