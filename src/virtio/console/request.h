// Control messages between driver and device: a pure parse (virtio 1.2, 5.3.6.2).
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>

namespace hospes::virtio::console {

namespace event {
inline constexpr std::uint16_t kDeviceReady = 0, kPortAdd = 1, kPortReady = 3, kConsolePort = 4, kPortOpen = 6,
                               kPortName = 7;
}

struct ControlMessage {
    std::uint32_t port;
    std::uint16_t event;
    std::uint16_t value;
};
static_assert(sizeof(ControlMessage) == 8);

// nullopt if too short.
std::optional<ControlMessage> parse(std::span<const iovec> readable);

}  // namespace hospes::virtio::console
