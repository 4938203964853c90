// virtio-console: features and configuration layout (virtio 1.2, 5.3.3 and 5.3.4).
#pragma once

#include <cstdint>

namespace hospes::virtio::console {

inline constexpr std::uint16_t kQueueSize = 64;
inline constexpr unsigned kMaxPorts = 16;

namespace feature {
inline constexpr std::uint64_t kMultiport = 1ull << 1;
}

struct Config {
    std::uint16_t columns = 0;  // valid with F_SIZE only, which is not offered
    std::uint16_t rows = 0;
    std::uint32_t max_ports = 1;
    std::uint32_t emergency_write = 0;
};
static_assert(sizeof(Config) == 12);

// 5.3.2: port 0 has queues 0 and 1, control 2 and 3, port n from 1 on has 2n + 2 and 2n + 3.
inline constexpr unsigned kControlReceive = 2;
inline constexpr unsigned kControlTransmit = 3;
constexpr unsigned receive_queue(unsigned port) { return port == 0 ? 0 : 2 * port + 2; }
constexpr unsigned transmit_queue(unsigned port) { return receive_queue(port) + 1; }

}  // namespace hospes::virtio::console
