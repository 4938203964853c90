// Message-signalled interrupts: a write of `data` to `address` in 0xfeexxxxx (SDM volume 3, 11.11).
#pragma once

#include <cstdint>

namespace hospes::bus {

class MsiTarget {
  public:
    virtual ~MsiTarget() = default;
    // Called with the machine lock held. An address outside 0xfee00000..0xfeefffff is dropped.
    virtual void send(std::uint64_t address, std::uint32_t data) = 0;
};

}  // namespace hospes::bus
