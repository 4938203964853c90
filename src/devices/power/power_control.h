// How devices end or restart the machine.
#pragma once

#include <cstdint>

namespace hospes::devices {

// Called with the machine lock held, from a device's register write: takes effect once the vCPU is out of it.
class PowerControl {
  public:
    virtual ~PowerControl() = default;
    virtual void power_off() = 0;
    virtual void reset() = 0;
    virtual void debug_exit(std::uint8_t value) = 0;
};

}  // namespace hospes::devices
