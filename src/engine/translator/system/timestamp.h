// The time-stamp counter of the guest.
#pragma once

#include "engine/translator/guest_state.h"

namespace hospes::translator {

[[gnu::always_inline]] inline std::uint64_t host_timestamp() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

[[gnu::always_inline]] inline std::uint64_t guest_timestamp(const GuestState& state) {
    return host_timestamp() + state.tsc_offset;
}

}  // namespace hospes::translator
