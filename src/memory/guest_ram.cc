#include "memory/guest_ram.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hospes::memory {

Result<std::unique_ptr<GuestRam>> GuestRam::create(std::uint64_t size) {
    constexpr std::uint64_t kChunk = 1ull << kChunkBits;
    // One chunk more, so that the RAM can start on a chunk's boundary.
    void* reserved =
        ::mmap(nullptr, size + kChunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) {
        return Error("cannot reserve " + std::to_string(size >> 20) + " MiB of guest memory: " + errno_text(errno));
    }
    const auto start = reinterpret_cast<std::uintptr_t>(reserved);
    const std::uintptr_t aligned = (start + kChunk - 1) & ~(kChunk - 1);
    if (aligned > start) ::munmap(reserved, aligned - start);
    ::munmap(reinterpret_cast<void*>(aligned + size), start + kChunk - aligned);
    auto* base = reinterpret_cast<std::byte*>(aligned);
    ::madvise(base, size, MADV_HUGEPAGE);  // a wish: fewer host faults and TLB misses
    ::madvise(base, size, MADV_DONTDUMP);  // core dumps of the VMM hold no guest data
    return std::unique_ptr<GuestRam>(new GuestRam(base, size));
}

GuestRam::GuestRam(std::byte* base, std::uint64_t size)
    : base_(base),
      size_(size),
      low_size_(std::min(size, kLowEnd)),
      populated_(new std::atomic<bool>[(size >> kChunkBits) + 1]()) {}

GuestRam::~GuestRam() { ::munmap(base_, size_); }

bool GuestRam::read(Gpa gpa, void* to, std::size_t length) const {
    const std::byte* from = host(gpa, length);
    if (from == nullptr) return false;
    std::memcpy(to, from, length);
    return true;
}

bool GuestRam::write(Gpa gpa, const void* from, std::size_t length) {
    std::byte* to = host(gpa, length);
    if (to == nullptr) return false;
    std::memcpy(to, from, length);
    return true;
}

}  // namespace hospes::memory
