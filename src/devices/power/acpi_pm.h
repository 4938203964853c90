// ACPI fixed hardware: PM1a event and control blocks and the power management timer (ACPI 6.5, 4.8.3).
#pragma once

#include <cstdint>
#include <memory>

#include "base/time.h"
#include "bus/interrupt_line.h"
#include "bus/io_device.h"
#include "devices/power/power_control.h"

namespace hospes::devices {

// 12 ports from kBase: PM1a_STS +0 (16 bits), PM1a_EN +2, PM1a_CNT +4, PM_TMR +8 (32 bits).
class AcpiPm final : public bus::IoDevice {
  public:
    static constexpr std::uint16_t kBase = 0x600;
    static constexpr std::uint16_t kEventBlock = kBase, kControlBlock = kBase + 4, kTimerBlock = kBase + 8;
    static constexpr unsigned kSize = 12;
    static constexpr unsigned kSleepTypeS5 = 5;  // SLP_TYP of \_S5
    static constexpr unsigned kSci = 9;          // IRQ and GSI
    static constexpr std::uint64_t kTimerHz = 3'579'545;

    AcpiPm(TimeSource& time, bus::InterruptLine& sci, PowerControl& power);

    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;
    unsigned max_access() const override { return 4; }

    // Presses the power button: an orderly shutdown, if the guest listens.
    void press_power_button();

  private:
    std::uint64_t ticks() const;
    void collect();
    void update();
    std::uint8_t read_byte(unsigned offset);

    TimeSource& time_;
    bus::InterruptLine& sci_;
    PowerControl& power_;
    std::unique_ptr<Timer> timer_;
    Nanoseconds start_;
    std::uint16_t status_ = 0, enable_ = 0, control_ = 1;  // SCI_EN: the machine is in ACPI mode from the start
    std::uint64_t last_half_ = 0;  // of the timer's 24-bit period: TMR_STS is set whenever bit 23 changes
};

}  // namespace hospes::devices
