// SWAPGS, RDFSBASE and kin.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

Checked<void> check_enabled(const GuestState& state) {
    if (!state.code64() || (state.cr4 & x86::cr4::FSGSBASE) == 0) return undefined_opcode();
    return {};
}

Checked<void> read_base(System& system, const DecodedInstruction& in, x86::SegmentRegister segment) {
    GuestState& state = system.state();
    GUEST_TRY(check_enabled(state));
    write_register(state, in.operands[0].reg.value, state.segments[segment].base);
    return advance(state, in);
}

Checked<void> write_base(System& system, const DecodedInstruction& in, x86::SegmentRegister segment) {
    GuestState& state = system.state();
    GUEST_TRY(check_enabled(state));
    const std::uint64_t base = read_register(state, in.operands[0].reg.value);
    if (!is_canonical(base)) return general_protection();
    state.segments[segment].base = base;
    state.segment_base[segment] = base;
    return advance(state, in);
}

}  // namespace

Checked<void> execute_swapgs(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.code64()) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const std::uint64_t base = state.kernel_gs_base;
    state.kernel_gs_base = state.segments[x86::GS].base;
    state.segments[x86::GS].base = base;
    state.segment_base[x86::GS] = base;
    return advance(state, in);
}

Checked<void> execute_rdfsbase(System& system, const DecodedInstruction& in) { return read_base(system, in, x86::FS); }

Checked<void> execute_rdgsbase(System& system, const DecodedInstruction& in) { return read_base(system, in, x86::GS); }

Checked<void> execute_wrfsbase(System& system, const DecodedInstruction& in) { return write_base(system, in, x86::FS); }

Checked<void> execute_wrgsbase(System& system, const DecodedInstruction& in) { return write_base(system, in, x86::GS); }

}  // namespace hospes::translator
