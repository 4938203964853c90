#include "virtio/rng/device.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

namespace hospes::virtio::rng {

namespace {

constexpr std::uint16_t kQueueSizes[] = {64};

}  // namespace

std::span<const std::uint16_t> Device::queue_sizes() const { return kQueueSizes; }

void Device::notified(unsigned queue) {
    serve(*link_, queue, chain_, [](const Chain& chain) -> std::int64_t {
        std::array<std::byte, kMaxBytes> bytes;
        const std::uint64_t wanted = std::min<std::uint64_t>(total_length(chain.writable()), bytes.size());
        if (wanted == 0) return -1;  // 5.4.6.1: the driver gives writable buffers only
        const ssize_t got = ::getrandom(bytes.data(), wanted, 0);
        return static_cast<std::int64_t>(copy_in(chain.writable(), 0, bytes.data(), got > 0 ? got : 0));
    });
}

}  // namespace hospes::virtio::rng
