// LAR, LSL, VERR, VERW, ARPL: questions about selectors, answered in ZF.
#include "engine/translator/system/descriptors.h"
#include "engine/translator/system/handlers.h"

namespace hospes::translator {

namespace {

Checked<void> answer(System& system, const DecodedInstruction& in, bool yes) {
    GuestState& state = system.state();
    state.rflags = yes ? state.rflags | x86::rflags::ZF : state.rflags & ~x86::rflags::ZF;
    return advance(state, in);
}

// The descriptor that an operand names, if it is in its table and visible at CPL and RPL.
struct Visible {
    bool yes = false;
    Descriptor descriptor;
};

Checked<Visible> look_up(System& system, std::uint16_t selector) {
    const GuestState& state = system.state();
    Visible result;
    if (is_null(selector)) return result;
    const Checked<Descriptor> read = read_descriptor(system, selector, x86::GP);
    if (!read.ok()) {
        if (read.fault().vector == x86::GP) return result;  // beyond the table
        return read.fault();
    }
    result.descriptor = read.value();
    const bool conforming = result.descriptor.is_code() && result.descriptor.conforming();
    result.yes = conforming || (state.cpl <= result.descriptor.dpl() && rpl(selector) <= result.descriptor.dpl());
    return result;
}

bool lar_type(const GuestState& state, unsigned type) {
    const unsigned legacy = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9 | 1u << 11 | 1u << 12;
    const unsigned in_long_mode = 1u << 2 | 1u << 9 | 1u << 11 | 1u << 12;
    return (((state.long_mode() ? in_long_mode : legacy) >> type) & 1) != 0;
}

bool lsl_type(const GuestState& state, unsigned type) {
    const unsigned legacy = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 9 | 1u << 11;
    const unsigned in_long_mode = 1u << 2 | 1u << 9 | 1u << 11;
    return (((state.long_mode() ? in_long_mode : legacy) >> type) & 1) != 0;
}

// The selector operand: a register's low 16 bits or 16 bits of memory.
Checked<std::uint16_t> selector_operand(System& system, const DecodedInstruction& in, unsigned index) {
    if (in.operands[index].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        return static_cast<std::uint16_t>(read_register(system.state(), in.operands[index].reg.value));
    }
    const Gva address = GUEST_TRY(operand_address(system.state(), in, index, 2, Intent::Read));
    return static_cast<std::uint16_t>(GUEST_TRY(read_value(system.mmu, address, 2, system.state().access_class())));
}

Checked<void> verify(System& system, const DecodedInstruction& in, bool write) {
    if (!system.state().protected_mode()) return undefined_opcode();
    const std::uint16_t selector = GUEST_TRY(selector_operand(system, in, 0));
    const Visible visible = GUEST_TRY(look_up(system, selector));
    const Descriptor& found = visible.descriptor;
    if (!visible.yes || !found.is_code_or_data()) return answer(system, in, false);
    if (write) return answer(system, in, found.is_writable_data());
    return answer(system, in, !found.is_code() || (found.type() & 2) != 0);
}

}  // namespace

Checked<void> execute_lar(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.protected_mode()) return undefined_opcode();
    const std::uint16_t selector = GUEST_TRY(selector_operand(system, in, 1));
    const Visible visible = GUEST_TRY(look_up(system, selector));
    const Descriptor& found = visible.descriptor;
    if (!visible.yes || !(found.is_code_or_data() || lar_type(state, found.type()))) return answer(system, in, false);
    write_register(state, in.operands[0].reg.value, (found.low >> 32) & 0x00ff'ff00);
    return answer(system, in, true);
}

Checked<void> execute_lsl(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.protected_mode()) return undefined_opcode();
    const std::uint16_t selector = GUEST_TRY(selector_operand(system, in, 1));
    const Visible visible = GUEST_TRY(look_up(system, selector));
    const Descriptor& found = visible.descriptor;
    if (!visible.yes || !(found.is_code_or_data() || lsl_type(state, found.type()))) return answer(system, in, false);
    write_register(state, in.operands[0].reg.value, found.segment().limit);
    return answer(system, in, true);
}

Checked<void> execute_verr(System& system, const DecodedInstruction& in) { return verify(system, in, false); }
Checked<void> execute_verw(System& system, const DecodedInstruction& in) { return verify(system, in, true); }

Checked<void> execute_arpl(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.protected_mode()) return undefined_opcode();
    const std::uint64_t target = GUEST_TRY(read_operand(system, in, 0));
    const std::uint64_t source = GUEST_TRY(read_operand(system, in, 1));
    if ((target & 3) >= (source & 3)) return answer(system, in, false);
    GUEST_TRY(write_operand(system, in, 0, (target & ~3ull) | (source & 3)));
    return answer(system, in, true);
}

}  // namespace hospes::translator
