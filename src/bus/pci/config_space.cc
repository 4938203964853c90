#include "bus/pci/config_space.h"

namespace hospes::pci {

namespace {

bool inside(unsigned offset, unsigned size) { return size <= kConfigSize && offset <= kConfigSize - size; }

std::uint8_t byte_of(std::uint32_t value, unsigned index) { return static_cast<std::uint8_t>(value >> (8 * index)); }

}  // namespace

std::uint32_t ConfigSpace::get(unsigned offset, unsigned size) const {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{bytes_[offset + i]} << (8 * i);
    return value;
}

void ConfigSpace::set(unsigned offset, unsigned size, std::uint32_t value) {
    for (unsigned i = 0; i < size; ++i) bytes_[offset + i] = byte_of(value, i);
}

void ConfigSpace::set_writable(unsigned offset, unsigned size, std::uint32_t mask) {
    for (unsigned i = 0; i < size; ++i) writable_[offset + i] = byte_of(mask, i);
}

std::uint32_t ConfigSpace::read(unsigned offset, unsigned size) const {
    return inside(offset, size) ? get(offset, size) : ~0u;
}

void ConfigSpace::write(unsigned offset, unsigned size, std::uint32_t value) {
    if (!inside(offset, size)) return;
    for (unsigned i = 0; i < size; ++i) {
        const std::uint8_t mask = writable_[offset + i];
        bytes_[offset + i] = static_cast<std::uint8_t>((bytes_[offset + i] & ~mask) | (byte_of(value, i) & mask));
    }
}

}  // namespace hospes::pci
