#include "engine/translator/runtime/vcpu_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace hospes::translator {

namespace {

constexpr std::size_t kGuardSize = 64 * 1024;
constexpr std::size_t kStackSize = 256 * 1024;
constexpr std::size_t kStateSize = (sizeof(GuestState) + kPageMask) & ~kPageMask;
constexpr std::size_t kMappingSize = kGuardSize + kStackSize + kStateSize;

}  // namespace

Result<VcpuMemory> VcpuMemory::create() {
    void* mapping = ::mmap(nullptr, kMappingSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return Error("cannot get memory for a vCPU: " + errno_text(errno));
    if (::mprotect(mapping, kGuardSize, PROT_NONE) != 0) {
        ::munmap(mapping, kMappingSize);
        return Error("cannot protect the end of a vCPU's stack: " + errno_text(errno));
    }
    void* place = static_cast<std::byte*>(mapping) + kGuardSize + kStackSize;
    // What comes before the TLB is written at once: cheaper than fault by fault. All of it is zero until then.
    ::madvise(place, offsetof(GuestState, tlb) & ~kPageMask, MADV_POPULATE_WRITE);
    return VcpuMemory(mapping, new (place) GuestState);
}

VcpuMemory::VcpuMemory(VcpuMemory&& other) noexcept : mapping_(other.mapping_), state_(other.state_) {
    other.mapping_ = nullptr;
}

VcpuMemory::~VcpuMemory() {
    if (mapping_ != nullptr) ::munmap(mapping_, kMappingSize);
}

}  // namespace hospes::translator
