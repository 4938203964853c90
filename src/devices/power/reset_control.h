// The reset control register, port 0xcf9 (ICH9 data sheet, 13.7.5), which the FADT names as RESET_REG.
#pragma once

#include "bus/io_device.h"
#include "devices/power/power_control.h"

namespace hospes::devices {

// One port.
class ResetControl final : public bus::IoDevice {
  public:
    static constexpr std::uint16_t kPort = 0xcf9;
    static constexpr std::uint8_t kResetValue = 0x06;

    explicit ResetControl(PowerControl& power) : power_(power) {}
    std::uint64_t read(std::uint64_t, unsigned) override { return value_; }
    void write(std::uint64_t, std::uint64_t value, unsigned) override {
        value_ = value & 0x0a;  // SYS_RST and FULL_RST stay; RST_CPU, on its rising edge, resets
        if (value & 0x04) power_.reset();
    }
    unsigned max_access() const override { return 1; }

  private:
    PowerControl& power_;
    std::uint8_t value_ = 0;
};

}  // namespace hospes::devices
