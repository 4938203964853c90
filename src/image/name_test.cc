#include "image/name.h"

#include <gtest/gtest.h>

namespace hospes::image {
namespace {

TEST(Name, ShortFormStandsForTheLongOne) {
    EXPECT_EQ(canonical_name("debian").value(), "debian:12");
    EXPECT_EQ(canonical_name("debian:13").value(), "debian:13");
    EXPECT_EQ(canonical_name("micro").value(), "micro");
}

TEST(Name, KnownOnesAreCanonical) {
    for (const std::string_view name : known_names()) EXPECT_EQ(canonical_name(name).value(), name);
    EXPECT_TRUE(is_known("micro"));
    EXPECT_FALSE(is_known("debian"));
    EXPECT_FALSE(is_known("debian:14"));
}

TEST(Name, NothingThatLeavesTheFolder) {
    for (const char* name : {"", ".", "..", "../micro", "a/b", "/etc/passwd", ".hidden", "a:", ":b", "a:b:c", "a:.b",
                             "Debian", "a b", "a\n", "-x", "a:-x", "\xc3\xa4"}) {
        EXPECT_FALSE(canonical_name(name).ok()) << name;
    }
    EXPECT_FALSE(canonical_name(std::string(101, 'a')).ok());
}

}  // namespace
}  // namespace hospes::image
