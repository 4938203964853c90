// The MC146818A real-time clock with its CMOS memory (Motorola data sheet; PC/AT century byte at 0x32).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"
#include "bus/interrupt_line.h"
#include "bus/io_device.h"

namespace hospes::devices {

// Ports 0x70 (index) and 0x71 (data). Shows the host's wall clock in UTC until the guest sets another time.
class CmosRtc final : public bus::IoDevice {
  public:
    // `wall_clock` gives nanoseconds since 1970-01-01 UTC.
    CmosRtc(TimeSource& time, std::function<std::uint64_t()> wall_clock, bus::InterruptLine& irq8);

    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;
    unsigned max_access() const override { return 1; }

    // A byte of CMOS memory as firmware sets it up; index 0x0e..0x7f.
    void set_memory(unsigned index, std::uint8_t value) { registers_[index] = value; }

  private:
    std::uint64_t guest_ns() const { return wall_clock_() + offset_ns_; }
    std::uint8_t read_register(unsigned index);
    void write_register(unsigned index, std::uint8_t value);
    std::uint8_t read_flags();

    bool setting() const;
    void time_to_registers();
    void registers_to_time();
    std::uint8_t encode(unsigned value) const;
    unsigned decode(std::uint8_t value) const;

    std::uint64_t period() const;
    void schedule();
    void collect();
    bool alarm_matches(std::uint64_t seconds) const;
    void update_line();

    TimeSource& time_;
    std::function<std::uint64_t()> wall_clock_;
    bus::InterruptLine& irq8_;
    std::unique_ptr<Timer> timer_;
    std::uint8_t index_ = 0;
    std::array<std::uint8_t, 128> registers_{};
    std::uint64_t offset_ns_ = 0;    // guest time - wall clock, modulo 2^64
    std::uint64_t last_second_ = 0;  // up to which updates and alarms were noticed
    std::uint64_t last_period_ = 0;  // likewise periodic interrupts
};

}  // namespace hospes::devices
