// What lies in guest memory: the split virtqueue's three parts (virtio 1.2, 2.7).
#pragma once

#include <cstdint>

namespace hospes::virtio {

// 2.7.5
struct Descriptor {
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16);

namespace descriptor {
inline constexpr std::uint16_t kNext = 1;
inline constexpr std::uint16_t kWrite = 2;
inline constexpr std::uint16_t kIndirect = 4;
}  // namespace descriptor

// 2.7.6: flags, idx, ring[size], used_event
inline constexpr std::uint16_t kAvailNoInterrupt = 1;
constexpr std::uint64_t available_size(unsigned size) { return 6 + 2ull * size; }

// 2.7.8: flags, idx, ring[size] of {id, len}, avail_event
struct UsedElement {
    std::uint32_t id;
    std::uint32_t length;
};
static_assert(sizeof(UsedElement) == 8);
inline constexpr std::uint16_t kUsedNoNotify = 1;
constexpr std::uint64_t used_size(unsigned size) { return 6 + 8ull * size; }

inline constexpr unsigned kIndexOffset = 2;
inline constexpr unsigned kRingOffset = 4;

// Our queues' largest size, and so the longest chain that a driver may make (2.7.5.3.1).
inline constexpr unsigned kMaxQueueSize = 256;

}  // namespace hospes::virtio
