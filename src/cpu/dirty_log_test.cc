#include "cpu/dirty_log.h"

#include <gtest/gtest.h>

#include "memory/page_bits.h"

namespace hospes::cpu {
namespace {

TEST(PageBits, ExchangeRunsAtAnyPlace) {
    auto bits = memory::PageBits::create(256).take();
    for (const unsigned page : {0u, 60u, 63u, 64u, 67u, 255u}) bits.set(page);
    EXPECT_EQ(bits.exchange(60, 8, false), 0b10011001u);
    EXPECT_EQ(bits.exchange(60, 8, true), 0u);
    EXPECT_EQ(bits.exchange(0, 64, false), 0xf000000000000001u);
    EXPECT_EQ(bits.exchange(64, 64, false), 0xfu);
    EXPECT_EQ(bits.exchange(192, 64, true), 1ull << 63);
    EXPECT_EQ(bits.exchange(255, 1, false), 1u);
    EXPECT_FALSE(bits.holds(255));
    EXPECT_TRUE(bits.holds(254));
}

TEST(LoggedRanges, TakesWholePagesOfRamOnce) {
    auto ram = memory::GuestRam::create(16 << 20).take();
    LoggedRanges ranges;
    EXPECT_FALSE(ranges.add(*ram, 0x1000, 0).ok());
    EXPECT_FALSE(ranges.add(*ram, 0x1800, 0x1000).ok());
    EXPECT_FALSE(ranges.add(*ram, 0x1000, 0x1001).ok());
    EXPECT_FALSE(ranges.add(*ram, 15 << 20, 2 << 20).ok());
    EXPECT_FALSE(ranges.add(*ram, 0, ~0ull << kPageBits).ok());
    const PageRange range = ranges.add(*ram, 0x10000, 0x10000).take();
    EXPECT_EQ(range, (PageRange{0x10, 0x10}));
    EXPECT_FALSE(ranges.add(*ram, 0x1f000, 0x1000).ok());
    EXPECT_FALSE(ranges.add(*ram, 0, 16 << 20).ok());
    EXPECT_TRUE(ranges.add(*ram, 0x20000, 0x1000).ok());
    EXPECT_TRUE(ranges.any_in({0x1f, 1}));
    ranges.remove(range);
    EXPECT_FALSE(ranges.any_in({0x1f, 1}));
    EXPECT_TRUE(ranges.add(*ram, 0x1f000, 0x1000).ok());
}

}  // namespace
}  // namespace hospes::cpu
