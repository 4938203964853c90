// Which device answers at which address: one object for the I/O ports, one for device memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bus/io_device.h"

namespace hospes::bus {

// Ranges may come, go and overlap (a guest programs PCI BARs as it likes). Where they overlap the one attached first
// answers, so that board devices, attached at start, cannot be hidden by a BAR. Used with the machine lock held.
class AddressSpace {
  public:
    using Handle = std::uint32_t;
    static constexpr Handle kNone = 0;

    // Makes `device` answer at [base, base + size). A range that is empty or wraps around answers nowhere, but has a
    // handle all the same. The device must outlive the attachment.
    Handle attach(std::uint64_t base, std::uint64_t size, IoDevice& device);
    // Undoes attach(); kNone is ignored.
    void detach(Handle handle);

    // Reads `size` (1, 2, 4, 8) bytes; all ones where nobody answers. Accesses that cross ranges are split in bytes.
    std::uint64_t read(std::uint64_t address, unsigned size);
    void write(std::uint64_t address, std::uint64_t value, unsigned size);

  private:
    struct Range {
        Handle handle;
        std::uint64_t first, last;  // inclusive
        IoDevice* device;
    };
    // A piece of the address space with one owner; sorted, not overlapping.
    struct Piece {
        std::uint64_t first, last;
        std::uint64_t base;  // of the range
        IoDevice* device;
    };

    const Piece* find(std::uint64_t address, unsigned size);
    void rebuild();

    std::vector<Range> ranges_;  // in order of attachment
    std::vector<Piece> pieces_;
    std::size_t last_hit_ = 0;
    Handle next_handle_ = 1;
};

}  // namespace hospes::bus
