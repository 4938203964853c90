// RFLAGS as a whole and bit by bit; HLT and FWAIT.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

using namespace x86;

constexpr std::uint64_t kAhFlags = rflags::SF | rflags::ZF | rflags::AF | rflags::PF | rflags::CF;

unsigned iopl(const GuestState& state) { return static_cast<unsigned>((state.rflags & rflags::IOPL) >> 12); }

// CLI and STI: real mode has CPL 0.
Checked<void> require_iopl(const GuestState& state) {
    if (state.cpl > iopl(state)) return general_protection();
    return {};
}

Checked<void> set_alignment_check(System& system, const DecodedInstruction& in, bool on) {
    GuestState& state = system.state();
    if (state.cpl != 0) return undefined_opcode();
    state.rflags = on ? state.rflags | rflags::AC : state.rflags & ~rflags::AC;
    return advance(state, in);
}

// Whether an unmasked x87 exception waits (FSW.ES).
bool x87_pending(const System& system, const GuestState& state) {
    std::uint16_t status = 0;
    if (system.mmu.vectors_live) {
        asm volatile("fnstsw %0" : "=a"(status));  // the guest's; changes nothing
    } else {
        const bool initial = (state.fpu[512] & xcr0::X87) == 0;  // XSTATE_BV
        if (!initial) __builtin_memcpy(&status, state.fpu + 2, 2);
    }
    return (status & 0x80) != 0;
}

}  // namespace

Checked<void> execute_pushf(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const std::uint64_t flags = state.full_rflags() & ~(rflags::VM | rflags::RF);
    GUEST_TRY(push_value(system, flags, operand_bytes(in)));
    return advance(state, in);
}

Checked<void> execute_popf(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    const std::uint64_t popped = GUEST_TRY(peek_value(system, 0, size));
    std::uint64_t changeable = rflags::kStatus | rflags::TF | rflags::DF | rflags::NT;
    if (size > 2) changeable |= rflags::AC | rflags::ID;
    if (state.cpl <= iopl(state)) changeable |= rflags::IF;
    if (state.cpl == 0) changeable |= rflags::IOPL;
    drop(state, size);
    std::uint64_t flags = (state.full_rflags() & ~changeable) | (popped & changeable);
    if (size > 2) flags &= ~rflags::RF;
    state.set_full_rflags(flags);
    return advance(state, in);
}

Checked<void> execute_cli(System& system, const DecodedInstruction& in) {
    GUEST_TRY(require_iopl(system.state()));
    system.state().interrupt_flag = 0;
    return advance(system.state(), in);
}

Checked<void> execute_sti(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_iopl(state));
    if (state.interrupt_flag == 0) state.interrupt_shadow = kShadowedBySti;
    state.interrupt_flag = 1;
    return advance(state, in);
}

Checked<void> execute_clac(System& system, const DecodedInstruction& in) {
    return set_alignment_check(system, in, false);
}

Checked<void> execute_stac(System& system, const DecodedInstruction& in) {
    return set_alignment_check(system, in, true);
}

Checked<void> execute_lahf(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    write_register(state, ZYDIS_REGISTER_AH, (state.rflags & kAhFlags) | rflags::kFixed1);
    return advance(state, in);
}

Checked<void> execute_sahf(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    state.rflags = (state.rflags & ~kAhFlags) | (read_register(state, ZYDIS_REGISTER_AH) & kAhFlags);
    return advance(state, in);
}

Checked<void> execute_hlt(System& system, const DecodedInstruction& in) {
    GUEST_TRY(require_cpl0(system.state()));
    system.state().halted = 1;
    return advance(system.state(), in);
}

Checked<void> execute_fwait(System& system, const DecodedInstruction& in) {
    constexpr std::uint64_t kTrap = cr0::MP | cr0::TS;
    GuestState& state = system.state();
    if ((state.cr0 & kTrap) == kTrap) return device_not_available();
    if (x87_pending(system, state)) return GuestFault{x86::MF, false, 0, 0};
    return advance(state, in);
}

}  // namespace hospes::translator
