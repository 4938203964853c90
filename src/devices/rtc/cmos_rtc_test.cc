#include "devices/rtc/cmos_rtc.h"

#include <gtest/gtest.h>

#include "base/manual_time.h"
#include "devices/rtc/calendar.h"

namespace hospes::devices {
namespace {

struct CountingLine final : bus::InterruptLine {
    void set(bool asserted) override {
        if (asserted && !level) ++edges;
        level = asserted;
    }
    bool level = false;
    int edges = 0;
};

struct RtcTest : testing::Test {
    std::uint64_t get(unsigned index) {
        rtc.write(0, index, 1);
        return rtc.read(1, 1);
    }
    void set(unsigned index, unsigned value) {
        rtc.write(0, index, 1);
        rtc.write(1, value, 1);
    }
    ManualTime time;  // starts on a whole second
    CountingLine line;
    // 2024-02-29 23:59:58 UTC at the clock's start.
    CmosRtc rtc{time, [this] { return time.now() - 1000 * kSecond + 1709251198ull * kSecond; }, line};
};

TEST(Calendar, KnownDaysAndBack) {
    EXPECT_EQ(days_from_date({1970, 1, 1}), 0);
    EXPECT_EQ(days_from_date({2000, 3, 1}), 11017);
    for (std::int64_t day = -1000; day < 60000; ++day) {
        const Date date = date_from_days(day);
        ASSERT_EQ(days_from_date(date), day);
    }
}

TEST_F(RtcTest, ShowsTheWallClockInBcdAcrossALeapDay) {
    EXPECT_EQ(get(0), 0x58u);
    EXPECT_EQ(get(2), 0x59u);
    EXPECT_EQ(get(4), 0x23u);
    EXPECT_EQ(get(6), 5u);  // Thursday
    EXPECT_EQ(get(7), 0x29u);
    EXPECT_EQ(get(8), 0x02u);
    EXPECT_EQ(get(9), 0x24u);
    EXPECT_EQ(get(0x32), 0x20u);
    time.advance(2 * kSecond);
    EXPECT_EQ(get(7), 0x01u);
    EXPECT_EQ(get(8), 0x03u);
    EXPECT_EQ(get(4), 0u);
}

TEST_F(RtcTest, BinaryAndTwelveHourModes) {
    set(0x0b, 0x04);
    EXPECT_EQ(get(0), 58u);
    EXPECT_EQ(get(4), 11u | 0x80u);
}

TEST_F(RtcTest, UpdateInProgressShortlyBeforeTheSecond) {
    EXPECT_EQ(get(0x0a), 0x26u);
    time.advance(kSecond - 100'000);
    EXPECT_EQ(get(0x0a), 0xa6u);
    time.advance(100'000);
    EXPECT_EQ(get(0x0a), 0x26u);
}

TEST_F(RtcTest, SettingTheTimeFreezesAndThenRuns) {
    set(0x0b, 0x82);
    time.advance(10 * kSecond);
    EXPECT_EQ(get(0), 0x58u);
    set(9, 0x99);
    set(0x32, 0x19);
    set(8, 0x12);
    set(7, 0x31);
    set(0, 0x30);
    set(0x0b, 0x02);
    EXPECT_EQ(get(0), 0x30u);
    time.advance(30 * kSecond);
    EXPECT_EQ(get(0x32), 0x20u);
    EXPECT_EQ(get(9), 0x00u);
    EXPECT_EQ(get(8), 0x01u);
}

TEST_F(RtcTest, PeriodicInterruptNeedsItsFlagRead) {
    set(0x0b, 0x42);
    int taken = 0;
    for (int i = 0; i < 1024; ++i) {
        time.advance(kSecond / 1024);
        if (!line.level) continue;
        EXPECT_EQ(get(0x0c) & 0xc0, 0xc0u);
        ++taken;
    }
    EXPECT_NEAR(taken, 1024, 2);
    get(0x0c);
    time.advance(kSecond);
    time.advance(kSecond);
    EXPECT_TRUE(line.level);
    set(0x0b, 0x02);
    EXPECT_FALSE(line.level);
}

TEST_F(RtcTest, UpdateEndedInterruptEverySecond) {
    set(0x0b, 0x12);
    get(0x0c);
    time.advance(kSecond / 2);
    EXPECT_FALSE(line.level);
    time.advance(kSecond / 2);
    EXPECT_TRUE(line.level);
    EXPECT_EQ(get(0x0c) & 0x90, 0x90u);
    EXPECT_FALSE(line.level);
}

TEST_F(RtcTest, AlarmWithDontCares) {
    set(1, 0x05);
    set(3, 0xff);
    set(5, 0xc0);
    set(0x0b, 0x22);
    time.advance(6 * kSecond);
    EXPECT_FALSE(line.level);
    time.advance(kSecond);  // 00:00:05
    EXPECT_TRUE(line.level);
    EXPECT_EQ(get(0x0c) & 0xa0, 0xa0u);
}

TEST_F(RtcTest, FlagsCanBePolledWithoutInterrupts) {
    get(0x0c);
    time.advance(kSecond);
    EXPECT_EQ(get(0x0c) & 0xf0, 0x50u);
    EXPECT_EQ(get(0x0c), 0u);
    EXPECT_EQ(line.edges, 0);
}

}  // namespace
}  // namespace hospes::devices
