// Port 0xf4: ends the VM with a status of the guest's choice, for tests (as QEMU's isa-debug-exit does).
#pragma once

#include "bus/io_device.h"
#include "devices/power/power_control.h"

namespace hospes::devices {

class DebugExit final : public bus::IoDevice {
  public:
    static constexpr std::uint16_t kPort = 0xf4;
    static constexpr unsigned kSize = 4;

    explicit DebugExit(PowerControl& power) : power_(power) {}
    std::uint64_t read(std::uint64_t, unsigned) override { return 0; }
    void write(std::uint64_t, std::uint64_t value, unsigned) override {
        power_.debug_exit(static_cast<std::uint8_t>(value));
    }

  private:
    PowerControl& power_;
};

}  // namespace hospes::devices
