// The part of the vCPU's mode that translated code is specialised on. With the physical address, the key of a block.
#pragma once

#include <cstdint>

#include "engine/translator/guest_state.h"

namespace hospes::translator {

struct Mode {
    enum Bit : std::uint32_t {
        kCode64 = 1 << 0,
        kCode32 = 1 << 1,  // neither: 16-bit code
        kCpl3 = 1 << 2,
        kCpl0 = 1 << 3,
        kSmap = 1 << 4,            // supervisor accesses to user pages fault
        kSegmented = 1 << 5,       // not all of CS, DS, ES and SS are flat (16- and 32-bit code)
        kLargePage = 1 << 6,       // code is fetched through a mapping of 2 MiB or more
        kStack32 = 1 << 7,         // SS.B in 16- and 32-bit code
        kFpuTrap = 1 << 8,         // CR0.TS or EM: x87 and vector instructions give #NM or #UD
        kNoSse = 1 << 9,           // CR4.OSFXSR clear
        kNoAvx = 1 << 10,          // CR4.OSXSAVE or XCR0.AVX clear, or real mode
        kSlowTimestamp = 1 << 11,  // CR4.TSD holds for this code
        kSingle = 1 << 12,         // one instruction a block (single step, interrupt shadow)
        kPlain = 1 << 13,          // every access probes for itself: faults are precise after a shared probe failed
        kBounce = 1 << 14,         // one instruction whose memory operand is GuestState::bounce
        kAlignment = 1 << 15,      // accesses must be aligned (CPL 3 with CR0.AM and RFLAGS.AC): all are slow
        kWatched = 1 << 16,        // instruction breakpoints are set: each block comes back to the dispatcher
        kNoAvx512 = 1 << 17,       // or one of XCR0's bits for AVX-512
    };

    std::uint32_t bits = 0;

    [[gnu::always_inline]] bool has(Bit bit) const { return (bits & bit) != 0; }
    [[gnu::always_inline]] Mode with(Bit bit) const { return Mode{bits | bit}; }
    [[gnu::always_inline]] Mode without(Bit bit) const { return Mode{bits & ~bit}; }
    // What STAC or CLAC makes of it.
    [[gnu::always_inline]] Mode other_access() const { return Mode{bits ^ kSmap}; }
    [[gnu::always_inline]] bool operator==(const Mode& other) const { return bits == other.bits; }

    // The dispatcher looks at each instruction, or at each block, before it runs.
    [[gnu::always_inline]] bool looked_at() const { return (bits & (kSingle | kWatched)) != 0; }
    [[gnu::always_inline]] bool user() const { return has(kCpl3); }
    [[gnu::always_inline]] AccessClass access_class() const {
        if (user()) return AccessClass::User;
        return has(kSmap) ? AccessClass::SmapSupervisor : AccessClass::Supervisor;
    }
    // Index of the code TLB.
    [[gnu::always_inline]] unsigned code_class() const { return user() ? 0 : 1; }
    [[gnu::always_inline]] unsigned page_bits() const { return has(kLargePage) ? 21 : kPageBits; }
    [[gnu::always_inline]] std::uint64_t page_size() const { return 1ull << page_bits(); }
};

// The mode of the instruction at state.rip; kLargePage and the special bits are added at lookup.
Mode current_mode(const GuestState& state);

}  // namespace hospes::translator
