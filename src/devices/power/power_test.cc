#include <gtest/gtest.h>

#include "base/manual_time.h"
#include "devices/power/acpi_pm.h"
#include "devices/power/keyboard_controller.h"
#include "devices/power/reset_control.h"

namespace hospes::devices {
namespace {

struct Power final : PowerControl {
    void power_off() override { ++offs; }
    void reset() override { ++resets; }
    void debug_exit(std::uint8_t) override {}
    int offs = 0, resets = 0;
};

struct Line final : bus::InterruptLine {
    void set(bool asserted) override { level = asserted; }
    bool level = false;
};

struct PowerTest : testing::Test {
    ManualTime time;
    Line sci;
    Power power;
    AcpiPm pm{time, sci, power};
    ResetControl reset{power};
    KeyboardController keyboard{power};
};

TEST_F(PowerTest, OnlySleepTypeFivePowersOff) {
    EXPECT_EQ(pm.read(4, 2), 1u);
    pm.write(4, 3u << 10 | 1u << 13, 2);
    EXPECT_EQ(power.offs, 0);
    pm.write(4, 5u << 10, 2);
    EXPECT_EQ(power.offs, 0);
    pm.write(4, 5u << 10 | 1u << 13, 2);
    EXPECT_EQ(power.offs, 1);
    EXPECT_EQ(pm.read(4, 2), (5u << 10) | 1);
}

TEST_F(PowerTest, TimerRunsAt3579545HzIn24Bits) {
    const auto start = pm.read(8, 4);
    time.advance(kSecond);
    EXPECT_EQ(pm.read(8, 4) - start, AcpiPm::kTimerHz);
    time.advance(4 * kSecond);
    EXPECT_EQ(pm.read(8, 4), (5 * AcpiPm::kTimerHz) & 0xffffff);
}

TEST_F(PowerTest, TimerCarryAndPowerButtonRaiseTheSci) {
    pm.write(2, 1, 2);
    time.advance(2 * kSecond);
    EXPECT_FALSE(sci.level);
    time.advance(kSecond / 2);
    EXPECT_TRUE(sci.level);
    EXPECT_EQ(pm.read(0, 2), 1u);
    pm.write(0, 1, 2);
    EXPECT_FALSE(sci.level);
    pm.write(2, 0x100, 2);
    pm.press_power_button();
    EXPECT_TRUE(sci.level);
    pm.write(1, 1, 1);  // the status' high byte alone
    EXPECT_FALSE(sci.level);
}

TEST_F(PowerTest, ResetRegisterResetsOnBit2) {
    reset.write(0, 0x02, 1);
    EXPECT_EQ(reset.read(0, 1), 2u);
    EXPECT_EQ(power.resets, 0);
    reset.write(0, 0x06, 1);
    EXPECT_EQ(power.resets, 1);
}

TEST_F(PowerTest, KeyboardControllerWithoutKeyboard) {
    auto& command = keyboard.command();
    auto& data = keyboard.data();
    EXPECT_EQ(command.read(0, 1) & 3, 0u);
    command.write(0, 0xaa, 1);
    EXPECT_EQ(command.read(0, 1) & 1, 1u);
    EXPECT_EQ(data.read(0, 1), 0x55u);
    EXPECT_EQ(command.read(0, 1) & 1, 0u);
    command.write(0, 0xab, 1);
    EXPECT_EQ(data.read(0, 1), 1u);
    command.write(0, 0x60, 1);
    data.write(0, 0x47, 1);
    command.write(0, 0x20, 1);
    EXPECT_EQ(data.read(0, 1), 0x47u);
    data.write(0, 0xff, 1);  // reset keyboard: nobody answers
    EXPECT_EQ(command.read(0, 1) & 1, 0u);
    EXPECT_EQ(power.resets, 0);
    command.write(0, 0xfe, 1);
    EXPECT_EQ(power.resets, 1);
}

}  // namespace
}  // namespace hospes::devices
