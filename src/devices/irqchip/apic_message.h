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

}  // namespace hospes::devices
