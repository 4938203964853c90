// The guest's time-stamp counter, as the local APIC's deadline timer compares with it.
#pragma once

#include <cstdint>

namespace hospes::devices {

class GuestTsc {
  public:
    virtual ~GuestTsc() = default;
    virtual std::uint64_t read() const = 0;
    virtual std::uint64_t khz() const = 0;
};

}  // namespace hospes::devices
