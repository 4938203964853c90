// One vCPU's architectural state as translated code and the C++ of the engine share it.
//
// While guest code runs, host RSP points at this block: emitted code reaches fields as [rsp + offset], and the host
// stack (signal frames, calls of helpers) grows down from it. Most guest registers are then in host registers; the
// fields below are complete and true whenever C++ other than a slow-path helper runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "cpu/vcpu_state.h"
#include "engine/translator/mmu/tlb.h"
#include "x86/registers.h"
#include "x86/segment.h"

namespace hospes::translator {

// Guest instruction fetch: which physical page a virtual code page is. Checked by links that leave a page.
inline constexpr unsigned kCodeTlbBits = 11;
struct CodeTlbEntry {
    std::uint64_t page;   // guest virtual address of the 4 KiB page; odd = none
    std::uint32_t frame;  // guest physical page number << 1 | mapping is 2 MiB or larger
    std::uint32_t global;
};

// Indirect jumps: guest virtual address to translated code. Two neighbours, an even and an odd entry, are a set.
inline constexpr unsigned kJumpCacheBits = 15;
struct JumpCacheEntry {
    std::uint64_t target;     // guest virtual address; no_target() = none
    std::uint64_t host_code;  // entry for arrivals with flags saved in memory
};
inline constexpr std::uint32_t kJumpHash = 0x9e37'79b1;
// Emitted code multiplies and masks: the number of a set, times the size of an entry, are bits 4 to 18 of the product.
[[gnu::always_inline]] constexpr unsigned jump_set(std::uint64_t target) {
    return static_cast<std::uint32_t>(target) * kJumpHash >> 4 & ((1u << kJumpCacheBits) - 2);
}
// The target of an empty entry is not canonical, so no instruction is there; and a jump to it looks at another set.
[[gnu::always_inline]] constexpr std::uint64_t no_target(unsigned index) {
    constexpr std::uint64_t kUsual = 0x7fff'ffff'ffff'ffff, kOther = 0x7fff'ffff'ffff'fff0;
    static_assert(jump_set(kUsual) != jump_set(kOther));
    return (index & ~1u) == jump_set(kUsual) ? kOther : kUsual;
}

// Loops that guess addends (Sharing::guess) share so many counters.
inline constexpr unsigned kGuessingLoops = 64;

// What emitted 32-bit code adds to addresses in a segment that is not writable data over all of 4 GiB: no TLB entry
// matches then, and the slow path looks at the segment.
inline constexpr std::uint64_t kSegmentGuard = 1ull << 62;
// What it adds to all addresses where alignment is checked, so that the slow path's victims do not match either.
inline constexpr std::uint64_t kAlignmentGuard = 1ull << 61;

// Where a block goes on without shared probes after one of them, that was called from `host_pc`, has failed.
struct PlainTwin {
    std::uint64_t host_pc;       // 0: there is none here
    std::uint64_t host_code;     // entry as for an indirect jump
    std::uint32_t page_offset;   // of the twin's first instruction in the code page, which is the failing block's
    std::int32_t failures_left;  // until C++ looks how long so many have taken
    std::uint64_t since;         // TSC when it looked last
};
inline constexpr unsigned kTwinBits = 12;
[[gnu::always_inline]] inline unsigned twin_index(std::uint64_t host_pc) {
    return (host_pc >> 3 ^ host_pc >> 15) & ((1u << kTwinBits) - 1);
}

// What GuestState::interrupt_shadow is after STI; and after MOV SS or POP SS, when debug exceptions wait, too.
inline constexpr std::uint8_t kShadowedBySti = 1;
inline constexpr std::uint8_t kShadowedBySs = 2;

// An exception, interrupt excluded, on its way to the guest.
struct GuestFault {
    std::uint8_t vector = 0;
    bool has_error_code = false;
    std::uint32_t error_code = 0;
    std::uint64_t address = 0;  // CR2 for #PF
};

struct alignas(64) GuestState {
    std::uint64_t gpr[x86::kGprCount];
    std::uint64_t page_base;   // guest virtual base of the code page (4 KiB or 2 MiB) of the running block
    std::uint64_t scratch[6];  // spill slots of emitted code, free at instruction boundaries
    std::uint64_t windows[8];  // what one probe found for several accesses: addends, in loops host addresses
    std::int64_t guess_credit[kGuessingLoops];  // of loops that guess addends: how well that went lately
    std::uint16_t saved_flags;        // LAHF in AH (high byte), OF in AL (low byte): status flags at indirect exits
    std::uint8_t interrupt_flag;      // RFLAGS.IF, apart because emitted code sets and clears it
    std::uint8_t interrupt_shadow;    // no interrupt before the next instruction has run: 0 or kShadowedBy...
    std::uint32_t interrupt_waiting;  // an interrupt is pending, but IF was clear or a shadow was on
    std::atomic<std::uint32_t> attention;  // not 0: leave translated code at the next poll

    std::uint64_t rip;
    std::uint64_t rflags;       // without IF; status flags and DF are true outside translated code only
    std::uint64_t exit_record;  // what the exit thunks hand to C++
    std::uint64_t exit_target;
    std::uint64_t host_rflags;  // at the last exit: DF
    std::uint64_t host_stack;   // of the C++ that entered translated code
    std::uint64_t bounce;       // host address that the bounced instruction uses
    std::uint64_t mask_index;   // pext masks of the flag-preserving probe
    std::uint64_t mask_page;
    std::uint64_t tsc_offset;

    StackWindow stack_window[kAccessClasses];
    std::uint32_t stack_patience;  // so many misses of a stack window until it may move to where the stack is now

    std::uint64_t segment_base[x86::kSegmentCount];   // copies of segments[].base for emitted code
    std::uint64_t segment_guard[x86::kSegmentCount];  // kSegmentGuard or 0
    x86::Segment segments[x86::kSegmentCount];
    x86::Segment ldtr;
    x86::Segment tr;
    x86::DescriptorTable gdtr;
    x86::DescriptorTable idtr;

    std::uint64_t cr0, cr2, cr3, cr4, efer, xcr0;
    std::uint64_t dr[4], dr6, dr7;
    std::uint32_t watch_mode;  // bits of Mode that somebody looks out for instructions with; 0 almost always
    std::uint64_t star, lstar, cstar, fmask, kernel_gs_base;
    std::uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    std::uint64_t pat, tsc_aux, xss;
    std::uint8_t cpl;
    std::uint8_t halted;
    std::uint8_t nmi_blocked;  // from the delivery of an NMI to the next IRET
    std::uint64_t pdpte[4];    // with PAE paging: what the last load of CR3, or change of paging, found there
    void* vcpu;                // the runtime's object that owns this state

    // XSAVE area, standard format of the host, that holds the guest's x87/SSE/AVX state while C++ that may use
    // vector registers runs.
    alignas(64) std::uint8_t fpu[cpu::kXsaveSize];

    alignas(64) CodeTlbEntry code_tlb[2][1u << kCodeTlbBits];  // user, supervisor
    alignas(64) JumpCacheEntry jump_cache[kAccessClasses][1u << kJumpCacheBits];
    alignas(64) PlainTwin twins[1u << kTwinBits];
    alignas(64) TlbTable tlb[kAccessClasses];
    alignas(64) TlbEntry victims[kAccessClasses][kVictimEntries];  // what newer entries pushed out of `tlb`

    // RFLAGS as the guest sees it.
    [[gnu::always_inline]] std::uint64_t full_rflags() const {
        return (rflags & ~x86::rflags::IF) | x86::rflags::kFixed1 | (interrupt_flag ? x86::rflags::IF : 0);
    }
    [[gnu::always_inline]] void set_full_rflags(std::uint64_t value) {
        interrupt_flag = (value & x86::rflags::IF) != 0;
        rflags = (value & ~x86::rflags::IF) | x86::rflags::kFixed1;
    }

    [[gnu::always_inline]] bool long_mode() const { return (efer & x86::efer::LMA) != 0; }
    [[gnu::always_inline]] bool code64() const { return long_mode() && segments[x86::CS].long_mode(); }
    [[gnu::always_inline]] bool paging() const { return (cr0 & x86::cr0::PG) != 0; }
    [[gnu::always_inline]] bool protected_mode() const { return (cr0 & x86::cr0::PE) != 0; }

    // The class of ordinary data accesses at the current privilege level.
    [[gnu::always_inline]] AccessClass access_class() const {
        if (cpl == 3) return AccessClass::User;
        const bool smap = (cr4 & x86::cr4::SMAP) != 0 && (rflags & x86::rflags::AC) == 0;
        return smap ? AccessClass::SmapSupervisor : AccessClass::Supervisor;
    }
};

}  // namespace hospes::translator
