// The guest's x87, SSE and AVX registers, between the host's registers and GuestState::fpu.
#pragma once

#include <cstdint>

#include "engine/translator/guest_state.h"

namespace hospes::translator {

// Components that the host has and a guest may have. Set once, before the first vCPU runs.
struct VectorComponents {
    std::uint32_t mask = 3;  // XCR0 bits: x87, SSE, and AVX where the host has it
};

[[gnu::always_inline]] inline void save_vectors(GuestState& state, std::uint32_t mask) {
    __asm__ volatile("xsave64 %0" : "=m"(state.fpu) : "a"(mask), "d"(0), "m"(state.fpu) : "memory");
    // For the host's C++: round to nearest, no exception unmasked, x87 stack empty.
    const std::uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

[[gnu::always_inline]] inline void load_vectors(const GuestState& state, std::uint32_t mask) {
    __asm__ volatile("xrstor64 %0" : : "m"(state.fpu), "a"(mask), "d"(0) : "memory");
}

}  // namespace hospes::translator
