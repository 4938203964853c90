// An interrupt on its way to local APICs: from an ICR, an IOAPIC entry or an MSI.
#pragma once

#include <cstdint>

namespace hospes::devices {

// SDM volume 3, 11.5.1 and 11.6.1.
enum class DeliveryMode : std::uint8_t {
    Fixed = 0,
    LowestPriority = 1,
    Smi = 2,
    Nmi = 4,
    Init = 5,
    StartUp = 6,
    ExtInt = 7
};

inline constexpr std::uint32_t kBroadcast = 0xffffffff;

struct ApicMessage {
    std::uint32_t destination = 0;  // a physical broadcast is always kBroadcast
    bool logical = false;
    bool level_triggered = false;
    DeliveryMode mode = DeliveryMode::Fixed;
    std::uint8_t vector = 0;
};

// From the 8-bit destination field of an xAPIC ICR, an IOAPIC entry or an MSI address.
inline std::uint32_t destination_from_8_bits(std::uint8_t field, bool logical) {
    return field == 0xff && !logical ? kBroadcast : field;
}

// The same message as an MSI (SDM volume 3, 11.11).
inline std::uint64_t msi_address(const ApicMessage& message) {
    return 0xfee00000 | (message.destination & 0xffull) << 12 | (message.logical ? 4u : 0u);
}
inline std::uint32_t msi_data(const ApicMessage& message) {
    const std::uint32_t level = message.level_triggered ? 3u << 14 : 0;  // level-triggered, asserted
    return level | static_cast<std::uint32_t>(message.mode) << 8 | message.vector;
}

}  // namespace hospes::devices
