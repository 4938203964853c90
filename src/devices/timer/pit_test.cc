#include "devices/timer/pit.h"

#include <gtest/gtest.h>

#include "base/manual_time.h"

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

struct PitTest : testing::Test {
    void program(unsigned channel, unsigned mode, unsigned count, unsigned bcd = 0) {
        pit.write(3, channel << 6 | 0x30 | mode << 1 | bcd, 1);
        pit.write(channel, count & 0xff, 1);
        pit.write(channel, count >> 8, 1);
    }
    unsigned latched(unsigned channel) {
        pit.write(3, channel << 6, 1);
        const auto low = pit.read(channel, 1);
        return static_cast<unsigned>(low | pit.read(channel, 1) << 8);
    }
    void pass_ticks(std::uint64_t ticks) { time.advance(ticks * kSecond / PitChannel::kFrequencyHz + 1); }

    ManualTime time;
    CountingLine line;
    Pit pit{time, line};
};

TEST_F(PitTest, RateGeneratorInterruptsAtItsRate) {
    program(0, 2, 11932);  // 100 Hz
    time.advance(kSecond);
    EXPECT_GE(line.edges, 99);
    EXPECT_LE(line.edges, 100);
}

TEST_F(PitTest, CountZeroMeans65536) {
    program(0, 3, 0);
    time.advance(kSecond);
    EXPECT_EQ(line.edges, 18);
}

TEST_F(PitTest, OneShotInterruptsOnceAndStaysHigh) {
    program(0, 0, 1000);
    EXPECT_FALSE(line.level);
    pass_ticks(999);
    EXPECT_EQ(line.edges, 0);
    pass_ticks(2);
    EXPECT_EQ(line.edges, 1);
    EXPECT_TRUE(line.level);
    time.advance(kSecond);
    EXPECT_EQ(line.edges, 1);
    program(0, 0, 1000);
    EXPECT_FALSE(line.level);
}

TEST_F(PitTest, LatchedCountDoesNotMoveWhileItIsRead) {
    program(0, 2, 50000);
    pass_ticks(100);
    pit.write(3, 0, 1);
    const auto low = pit.read(0, 1);
    pass_ticks(300);
    const auto high = pit.read(0, 1);
    EXPECT_NEAR(static_cast<double>(low | high << 8), 49900, 2);
    EXPECT_NEAR(latched(0), 49600, 3);
}

TEST_F(PitTest, ReadBackGivesStatusThenCount) {
    program(2, 3, 1000);
    pit.write(3, 0xc0 | 0x08, 1);  // status and count of channel 2
    EXPECT_EQ(pit.read(2, 1), 0x80u | 0x36u);
    EXPECT_EQ(pit.read(2, 1) | pit.read(2, 1) << 8, 1000u);
    pit.write(3, 0xb0, 1);  // mode 0, no count yet
    pit.write(3, 0xe8, 1);
    EXPECT_EQ(pit.read(2, 1), 0x40u | 0x30u);
}

TEST_F(PitTest, SpeakerGateHoldsAndOutputIsReadBack) {
    auto& speaker = pit.speaker_port();
    speaker.write(0, 0, 1);
    program(2, 0, 1000);
    pass_ticks(5000);
    EXPECT_FALSE(speaker.read(0, 1) & 0x20);
    EXPECT_EQ(latched(2), 1000u);
    speaker.write(0, 1, 1);
    pass_ticks(500);
    EXPECT_FALSE(speaker.read(0, 1) & 0x20);
    EXPECT_NEAR(latched(2), 500, 2);
    pass_ticks(502);
    EXPECT_TRUE(speaker.read(0, 1) & 0x20);
}

TEST_F(PitTest, LinuxCalibrationRestartsByGateInMode3AndReloadsInMode0) {
    pit.speaker_port().write(0, 1, 1);
    pit.write(3, 0xb0, 1);
    pit.write(2, 0x9b, 1);
    pit.write(2, 0x2e, 1);  // 11931: 10 ms
    time.advance(9'990'000);
    EXPECT_FALSE(pit.speaker_port().read(0, 1) & 0x20);
    time.advance(20'000);
    EXPECT_TRUE(pit.speaker_port().read(0, 1) & 0x20);
}

TEST_F(PitTest, BcdCountsInDecimal) {
    program(0, 2, 0x1000, 1);
    pass_ticks(1);
    EXPECT_NEAR(latched(0), 0x999, 1);
}

TEST_F(PitTest, RefreshBitToggles) {
    int changes = 0;
    auto last = pit.speaker_port().read(0, 1) & 0x10;
    for (int i = 0; i < 100; ++i) {
        time.advance(15'085);
        const auto now = pit.speaker_port().read(0, 1) & 0x10;
        changes += now != last;
        last = now;
    }
    EXPECT_EQ(changes, 100);
}

TEST_F(PitTest, ATickByTickRateDoesNotFloodTheHost) {
    program(0, 2, 1);
    time.advance(kSecond / 100);
    EXPECT_LE(line.edges, 201);
}

}  // namespace
}  // namespace hospes::devices
