// Guest physical memory that is not RAM: through the machine, in naturally aligned pieces of up to 8 bytes.
#include <algorithm>
#include <cstring>

#include "engine/translator/mmu/mmu.h"

namespace hospes::translator {

namespace {

// The largest power of two that divides `gpa`, at most 8 and at most `left`.
unsigned piece_size(Gpa gpa, unsigned left) {
    unsigned piece = 8;
    while (piece > left || (gpa & (piece - 1)) != 0) piece >>= 1;
    return piece;
}

}  // namespace

void device_read(MmuContext& mmu, Gpa gpa, void* to, unsigned size) {
    auto* bytes = static_cast<std::uint8_t*>(to);
    for (unsigned done = 0; done < size;) {
        const unsigned piece = piece_size(gpa + done, size - done);
        const std::uint64_t value = mmu.host != nullptr ? mmu.host->mmio_read(gpa + done, piece) : ~0ull;
        std::memcpy(bytes + done, &value, piece);
        done += piece;
    }
}

void device_write(MmuContext& mmu, Gpa gpa, const void* from, unsigned size) {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    for (unsigned done = 0; done < size;) {
        const unsigned piece = piece_size(gpa + done, size - done);
        std::uint64_t value = 0;
        std::memcpy(&value, bytes + done, piece);
        if (mmu.host != nullptr) mmu.host->mmio_write(gpa + done, value, piece);
        done += piece;
    }
}

}  // namespace hospes::translator
