// The guest's x87, SSE, AVX and AVX-512 registers, between the host's registers and GuestState::fpu.
#pragma once

#include <cstdint>

#include "engine/translator/guest_state.h"

namespace hospes::translator {

// Components that the host has and a guest may have. Set once, before the first vCPU runs.
struct VectorComponents {
    bool optimized = false;  // XSAVEOPT, which leaves out what is in its initial state, is there
    std::uint32_t mask = 3;  // XCR0 bits: x87, SSE; AVX where the host has it; AVX-512 where the guest may, too
};

[[gnu::always_inline]] inline void save_vectors(GuestState& state, const VectorComponents& components) {
    if (components.optimized) {
        __asm__ volatile("xsaveopt64 %0" : "+m"(state.fpu) : "a"(components.mask), "d"(0) : "memory");
    } else {
        __asm__ volatile("xsave64 %0" : "+m"(state.fpu) : "a"(components.mask), "d"(0) : "memory");
    }
    // For the host's C++: round to nearest, no exception unmasked, x87 stack empty.
    const std::uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

[[gnu::always_inline]] inline void load_vectors(const GuestState& state, const VectorComponents& components) {
    __asm__ volatile("xrstor64 %0" : : "m"(state.fpu), "a"(components.mask), "d"(0) : "memory");
}

// A mask register of the guest's, k0 to k7, while its state is in the host's: the host has AVX512BW then.
[[gnu::always_inline]] inline std::uint64_t live_mask(unsigned number) {
    std::uint64_t value = 0;
    switch (number) {
        case 0: __asm__ volatile("kmovq %%k0, %0" : "=r"(value)); break;
        case 1: __asm__ volatile("kmovq %%k1, %0" : "=r"(value)); break;
        case 2: __asm__ volatile("kmovq %%k2, %0" : "=r"(value)); break;
        case 3: __asm__ volatile("kmovq %%k3, %0" : "=r"(value)); break;
        case 4: __asm__ volatile("kmovq %%k4, %0" : "=r"(value)); break;
        case 5: __asm__ volatile("kmovq %%k5, %0" : "=r"(value)); break;
        case 6: __asm__ volatile("kmovq %%k6, %0" : "=r"(value)); break;
        default: __asm__ volatile("kmovq %%k7, %0" : "=r"(value)); break;
    }
    return value;
}

}  // namespace hospes::translator
