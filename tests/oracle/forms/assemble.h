// Puts an instance of a form into bytes, field by field: every encoding that decodes can be made, the odd ones too.
#pragma once

#include <cstdint>

#include "forms/form.h"

namespace hospes::oracle {

inline constexpr std::uint8_t kNoRegister = 0xff;

struct Instance {
    std::array<std::uint8_t, kFieldCount> registers{};  // 0..15; of EVEX vectors 0..31
    bool force_rex = false;                             // an empty REX: 4..7 of 8-bit registers are then SPL..DIL
    bool force_vex3 = false;
    std::uint8_t mask = 0;      // EVEX.aaa
    bool zeroing = false;       // EVEX.z
    std::uint8_t segment = 0;   // a segment override prefix, or 0
    bool address_size = false;  // 67, beside the form's own
    // Memory operand. Without base and index: an absolute address, or RIP-relative.
    std::uint8_t base = 0;
    std::uint8_t index = kNoRegister;  // of a vector index 0..31
    std::uint8_t scale = 0;            // shift, 0..3
    bool rip_relative = false;
    std::uint8_t displacement_bytes = 0;  // 0, 1 or 4, as far as the encoding leaves a choice
    std::int32_t displacement = 0;
    std::uint64_t immediate = 0;
};

struct Assembled {
    std::uint8_t bytes[24];
    std::uint8_t length;
    std::uint8_t displacement_at;      // offset of the displacement, 0 = none
    std::uint8_t displacement_length;  // bytes
};

Assembled assemble(const Form& form, const Instance& instance);

}  // namespace hospes::oracle
