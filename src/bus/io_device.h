// Something that answers reads and writes at an I/O port range or a device memory range.
#pragma once

#include <cstdint>

namespace hospes::bus {

class IoDevice {
  public:
    virtual ~IoDevice() = default;

    // `offset` is from the start of the range, `size` is 1, 2, 4 or 8 and not above max_access(); the access lies
    // inside the range, but need not be aligned. Called with the machine lock held. Bits above `size` bytes of a
    // returned value are ignored.
    virtual std::uint64_t read(std::uint64_t offset, unsigned size) = 0;
    virtual void write(std::uint64_t offset, std::uint64_t value, unsigned size) = 0;

    // The widest access the device takes; the bus splits wider ones into this width (as an ISA bridge does for an
    // 8-bit device), lowest address first.
    virtual unsigned max_access() const { return 8; }
};

}  // namespace hospes::bus
