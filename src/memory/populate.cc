// Called from code that runs while a guest's vector state is in the host's registers (cmake/HospesHot.cmake).
#include <sys/mman.h>

#include "memory/guest_ram.h"

namespace hospes::memory {

void GuestRam::populate_chunk(std::uint64_t chunk) {
    const std::uint64_t start = chunk << kChunkBits;
    const std::uint64_t length = size_ - start < 1ull << kChunkBits ? size_ - start : 1ull << kChunkBits;
    ::madvise(base_ + start, length, MADV_POPULATE_WRITE);  // on failure pages come one by one at their first touch
    populated_[chunk].store(true, std::memory_order_relaxed);
}

}  // namespace hospes::memory
