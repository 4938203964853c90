// The bytes of a function's configuration space and which of their bits software may change.
#pragma once

#include <array>
#include <cstdint>

#include "bus/pci/registers.h"

namespace hospes::pci {

class ConfigSpace {
  public:
    // Little-endian field of 1, 2 or 4 bytes; the function's own view: no masks.
    std::uint32_t get(unsigned offset, unsigned size) const;
    void set(unsigned offset, unsigned size, std::uint32_t value);
    // Lets software write the bits of `mask` in the field.
    void set_writable(unsigned offset, unsigned size, std::uint32_t mask);

    // Software's view: an access that leaves the space reads as ones and writes nothing; bits that are not
    // writable keep their value.
    std::uint32_t read(unsigned offset, unsigned size) const;
    void write(unsigned offset, unsigned size, std::uint32_t value);

  private:
    std::array<std::uint8_t, kConfigSize> bytes_{};
    std::array<std::uint8_t, kConfigSize> writable_{};
};

// Whether accesses [offset, offset + size) and [field, field + field_size) meet.
inline bool overlaps(unsigned offset, unsigned size, unsigned field, unsigned field_size) {
    return offset < field + field_size && field < offset + size;
}

}  // namespace hospes::pci
