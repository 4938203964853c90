// Configuration mechanism #1: ports 0xcf8 (address) and 0xcfc (data) (PCI Local Bus 3.0, 3.2.2.3.2).
#pragma once

#include <cstdint>

#include "bus/io_device.h"
#include "bus/pci/bus.h"

namespace hospes::pci {

class ConfigPorts final : public bus::IoDevice {
  public:
    static constexpr std::uint16_t kBase = 0xcf8;
    static constexpr std::uint16_t kCount = 8;

    // `byte_registers` (may be null) answers all but 32-bit accesses to 0xcf8..0xcfb, which are not the address
    // register's: the reset control register 0xcf9 lives there. Its offsets are from 0xcf8.
    ConfigPorts(Bus& pci, bus::IoDevice* byte_registers) : pci_(pci), byte_registers_(byte_registers) {}

    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;
    unsigned max_access() const override { return 4; }

    void reset() { address_ = 0; }

  private:
    struct Target {
        unsigned slot, function, offset;
    };
    // Whether the address register points at bus 0 with its enable bit on; `offset` in the data port is added.
    bool selected(unsigned data_offset, Target& target) const;

    Bus& pci_;
    bus::IoDevice* byte_registers_;
    std::uint32_t address_ = 0;
};

}  // namespace hospes::pci
