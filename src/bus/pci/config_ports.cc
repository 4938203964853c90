#include "bus/pci/config_ports.h"

namespace hospes::pci {

namespace {

constexpr std::uint32_t kEnable = 1u << 31;
constexpr std::uint32_t kAddressBits = 0x80fffffc;
constexpr unsigned kData = 4;  // offset of the data port

}  // namespace

bool ConfigPorts::selected(unsigned data_offset, Target& target) const {
    if ((address_ & kEnable) == 0 || (address_ >> 16 & 0xff) != 0) return false;
    target = {address_ >> 11 & 0x1f, address_ >> 8 & 7, (address_ & 0xfc) + data_offset};
    return true;
}

std::uint64_t ConfigPorts::read(std::uint64_t offset, unsigned size) {
    if (offset < kData) {
        if (offset == 0 && size == 4) return address_;
        return byte_registers_ != nullptr ? byte_registers_->read(offset, size) : ~0ull;
    }
    Target target;
    if (!selected(static_cast<unsigned>(offset - kData), target)) return ~0ull;
    return pci_.read_config(target.slot, target.function, target.offset, size);
}

void ConfigPorts::write(std::uint64_t offset, std::uint64_t value, unsigned size) {
    if (offset < kData) {
        if (offset == 0 && size == 4) {
            address_ = static_cast<std::uint32_t>(value) & kAddressBits;
        } else if (byte_registers_ != nullptr) {
            byte_registers_->write(offset, value, size);
        }
        return;
    }
    Target target;
    if (!selected(static_cast<unsigned>(offset - kData), target)) return;
    pci_.write_config(target.slot, target.function, target.offset, size, static_cast<std::uint32_t>(value));
}

}  // namespace hospes::pci
