// SYSCALL, SYSRET, SYSENTER, SYSEXIT with the semantics of the models' vendor, Intel (SDM volume 2).
#include "engine/translator/system/descriptors.h"
#include "engine/translator/system/handlers.h"

namespace hospes::translator {

namespace {

constexpr std::uint16_t kCode64 = 0xa09b;
constexpr std::uint16_t kCode32 = 0xc09b;
constexpr std::uint16_t kData = 0xc093;
constexpr std::uint16_t kDpl3 = 0x60;

void enter(GuestState& state, std::uint64_t selector, unsigned cpl, bool code64, std::uint64_t stack_selector) {
    const std::uint16_t dpl = cpl == 3 ? kDpl3 : std::uint16_t{0};
    const auto code = static_cast<std::uint16_t>((code64 ? kCode64 : kCode32) | dpl);
    set_segment(state, x86::CS, flat_segment(static_cast<std::uint16_t>((selector & 0xfffc) | cpl), code));
    set_segment(state, x86::SS,
                flat_segment(static_cast<std::uint16_t>((stack_selector & 0xfffc) | cpl),
                             static_cast<std::uint16_t>(kData | dpl)));
    state.cpl = static_cast<std::uint8_t>(cpl);
}

}  // namespace

Checked<void> execute_syscall(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.code64() || (state.efer & x86::efer::SCE) == 0) return undefined_opcode();
    state.gpr[x86::RCX] = state.rip + in.info.length;
    state.gpr[x86::R11] = state.full_rflags();
    state.rip = state.lstar;
    state.set_full_rflags(state.full_rflags() & ~(state.fmask | x86::rflags::RF));
    const std::uint64_t selector = (state.star >> 32) & 0xffff;
    enter(state, selector, 0, true, selector + 8);
    return {};
}

Checked<void> execute_sysret(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.code64() || (state.efer & x86::efer::SCE) == 0) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const bool code64 = operand_bytes(in) == 8;
    if (code64 && !is_canonical(state.gpr[x86::RCX])) return general_protection();
    state.rip = code64 ? state.gpr[x86::RCX] : state.gpr[x86::RCX] & 0xffff'ffff;
    state.set_full_rflags(state.gpr[x86::R11] & (0x3c'7fd7 & ~x86::rflags::RF));
    const std::uint64_t selector = (state.star >> 48) & 0xffff;
    enter(state, code64 ? selector + 16 : selector, 3, code64, selector + 8);
    return {};
}

Checked<void> execute_sysenter(System& system, const DecodedInstruction&) {
    GuestState& state = system.state();
    if (!state.protected_mode() || (state.sysenter_cs & 0xfffc) == 0) return general_protection();
    const bool code64 = state.long_mode();
    const std::uint64_t mask = code64 ? kAllOnes : 0xffff'ffffull;
    state.set_full_rflags(state.full_rflags() & ~(x86::rflags::VM | x86::rflags::IF | x86::rflags::RF));
    state.gpr[x86::RSP] = state.sysenter_esp & mask;
    state.rip = state.sysenter_eip & mask;
    enter(state, state.sysenter_cs, 0, code64, state.sysenter_cs + 8);
    return {};
}

Checked<void> execute_sysexit(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.protected_mode() || (state.sysenter_cs & 0xfffc) == 0) return general_protection();
    GUEST_TRY(require_cpl0(state));
    const bool code64 = operand_bytes(in) == 8;
    const std::uint64_t rip = state.gpr[x86::RDX];
    const std::uint64_t rsp = state.gpr[x86::RCX];
    if (code64 && (!is_canonical(rip) || !is_canonical(rsp))) return general_protection();
    const std::uint64_t mask = code64 ? kAllOnes : 0xffff'ffffull;
    state.rip = rip & mask;
    state.gpr[x86::RSP] = rsp & mask;
    enter(state, state.sysenter_cs + (code64 ? 32 : 16), 3, code64, state.sysenter_cs + (code64 ? 40 : 24));
    return {};
}

}  // namespace hospes::translator
