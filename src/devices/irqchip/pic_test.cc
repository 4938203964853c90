#include "devices/irqchip/pic.h"

#include <gtest/gtest.h>

namespace hospes::devices {
namespace {

struct PicTest : testing::Test {
    PicTest() {
        initialise(pic.master(), 0x30, 4);
        initialise(pic.slave(), 0x38, 2);
    }
    static void initialise(bus::IoDevice& chip, unsigned vector, unsigned cascade, unsigned icw4 = 1) {
        chip.write(0, 0x11, 1);
        chip.write(1, vector, 1);
        chip.write(1, cascade, 1);
        chip.write(1, icw4, 1);
        chip.write(1, 0, 1);
    }
    void eoi(bus::IoDevice& chip) { chip.write(0, 0x20, 1); }

    Pic pic{[] {}};
};

TEST_F(PicTest, EdgeIsLatchedOnceAndServedByPriority) {
    pic.set_line(4, true);
    pic.set_line(1, true);
    ASSERT_TRUE(pic.interrupt());
    EXPECT_EQ(pic.acknowledge(), 0x31);
    EXPECT_FALSE(pic.interrupt());  // IRQ 4 waits for the EOI
    eoi(pic.master());
    EXPECT_EQ(pic.acknowledge(), 0x34);
    eoi(pic.master());
    EXPECT_FALSE(pic.interrupt());  // still high, but no new edge
    pic.set_line(1, false);
    pic.set_line(1, true);
    EXPECT_TRUE(pic.interrupt());
}

TEST_F(PicTest, SlaveGoesThroughTheCascade) {
    pic.set_line(8, true);
    pic.set_line(12, true);
    EXPECT_EQ(pic.acknowledge(), 0x38);
    EXPECT_FALSE(pic.interrupt());
    eoi(pic.slave());
    eoi(pic.master());
    ASSERT_TRUE(pic.interrupt());
    EXPECT_EQ(pic.acknowledge(), 0x3c);
}

TEST_F(PicTest, ARequestThatGoesAwayGivesTheSpuriousVector) {
    pic.elcr().write(0, 0x20, 1);
    pic.set_line(5, true);
    pic.set_line(5, false);
    EXPECT_FALSE(pic.interrupt());
    EXPECT_EQ(pic.acknowledge(), 0x37);
    pic.master().write(0, 0x0b, 1);
    EXPECT_EQ(pic.master().read(0, 1), 0u);  // no ISR bit for it
}

TEST_F(PicTest, LevelTriggeredComesAgainAfterEoi) {
    pic.elcr().write(1, 0x0c, 1);
    EXPECT_EQ(pic.elcr().read(1, 1), 0x0cu);
    pic.set_line(10, true);
    EXPECT_EQ(pic.acknowledge(), 0x3a);
    eoi(pic.slave());
    eoi(pic.master());
    EXPECT_TRUE(pic.interrupt());
    pic.set_line(10, false);
    EXPECT_FALSE(pic.interrupt());
}

TEST_F(PicTest, MaskHidesAndUnmaskShows) {
    pic.master().write(1, 0x10, 1);
    pic.set_line(4, true);
    EXPECT_FALSE(pic.interrupt());
    EXPECT_EQ(pic.master().read(1, 1), 0x10u);
    pic.master().write(1, 0, 1);
    EXPECT_TRUE(pic.interrupt());
}

TEST_F(PicTest, AutomaticEoiAndSpecificEoi) {
    initialise(pic.master(), 0x30, 4, 3);
    pic.set_line(3, true);
    EXPECT_EQ(pic.acknowledge(), 0x33);
    pic.set_line(3, false);
    pic.set_line(3, true);
    EXPECT_EQ(pic.acknowledge(), 0x33);
    initialise(pic.master(), 0x30, 4, 1);
    pic.set_line(6, true);
    EXPECT_EQ(pic.acknowledge(), 0x36);
    pic.master().write(0, 0x66, 1);
    pic.master().write(0, 0x0b, 1);
    EXPECT_EQ(pic.master().read(0, 1), 0u);
}

TEST_F(PicTest, RotationAndPolling) {
    pic.master().write(0, 0xc3, 1);  // IRQ 3 lowest, so IRQ 4 highest
    pic.set_line(1, true);
    pic.set_line(4, true);
    pic.master().write(0, 0x0c, 1);
    EXPECT_EQ(pic.master().read(0, 1), 0x84u);
    pic.master().write(0, 0x0b, 1);
    EXPECT_EQ(pic.master().read(0, 1), 0x10u);
}

}  // namespace
}  // namespace hospes::devices
