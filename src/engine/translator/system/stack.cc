// Instructions on the stack, in all widths.
#include "engine/translator/system/descriptors.h"
#include "engine/translator/system/handlers.h"

namespace hospes::translator {

namespace {

bool is_segment(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_ES &&
           operand.reg.value <= ZYDIS_REGISTER_GS;
}

// One element of a multiple push, at `top`; RSP stays until all are there.
Checked<void> write_stack(System& system, std::uint64_t top, std::uint64_t value, unsigned size) {
    const GuestState& state = system.state();
    const std::uint64_t offset = top & size_mask(stack_bytes(state));
    const Gva address = GUEST_TRY(linear_address(state, x86::SS, offset, size, Intent::Write));
    return write_value(system.mmu, address, value, size, state.access_class());
}

Checked<void> pop_segment(System& system, const DecodedInstruction& in, unsigned size) {
    GuestState& state = system.state();
    const x86::SegmentRegister number = segment_number(in.operands[0].reg.value);
    const unsigned width = stack_bytes(state);  // a new SS may have another
    const std::uint64_t selector = GUEST_TRY(peek_value(system, 0, size));
    GUEST_TRY(load_segment(system, number, static_cast<std::uint16_t>(selector)));
    set_gpr(state, x86::RSP, state.gpr[x86::RSP] + size, width);
    if (number == x86::SS) state.interrupt_shadow = kShadowedBySs;
    return advance(state, in);
}

}  // namespace

Checked<void> execute_push(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    std::uint64_t value = 0;
    if (is_segment(in.operands[0])) {
        value = state.segments[segment_number(in.operands[0].reg.value)].selector;
    } else {
        value = GUEST_TRY(read_operand(system, in, 0));
    }
    GUEST_TRY(push_value(system, value, operand_bytes(in)));
    return advance(state, in);
}

Checked<void> execute_pop(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    if (is_segment(in.operands[0])) return pop_segment(system, in, size);
    const std::uint64_t value = GUEST_TRY(peek_value(system, 0, size));
    const std::uint64_t old = state.gpr[x86::RSP];
    drop(state, size);  // an address that uses RSP sees the new one
    const Checked<void> written = write_operand(system, in, 0, value);
    if (!written.ok()) {
        state.gpr[x86::RSP] = old;
        return written.fault();
    }
    return advance(state, in);
}

Checked<void> execute_pusha(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    const std::uint64_t old = state.gpr[x86::RSP];
    for (unsigned i = 0; i < 8; ++i) {
        GUEST_TRY(write_stack(system, old - (i + 1) * size, state.gpr[i], size));
    }
    set_gpr(state, x86::RSP, old - 8 * size, stack_bytes(state));
    return advance(state, in);
}

Checked<void> execute_popa(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    std::uint64_t values[8];
    for (unsigned i = 0; i < 8; ++i) values[7 - i] = GUEST_TRY(peek_value(system, i * size, size));
    for (unsigned i = 0; i < 8; ++i) {
        if (i != x86::RSP) set_gpr(state, i, values[i], size);
    }
    drop(state, 8 * size);
    return advance(state, in);
}

// All the pushes and the check of the final stack pointer come before any register changes.
Checked<void> execute_enter(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    const unsigned width = stack_bytes(state);
    const std::uint64_t space = in.operands[0].imm.value.u & 0xffff;
    const unsigned level = static_cast<unsigned>(in.operands[1].imm.value.u) & 31;
    std::uint64_t top = state.gpr[x86::RSP] - size;
    GUEST_TRY(write_stack(system, top, state.gpr[x86::RBP], size));
    const std::uint64_t frame = (state.gpr[x86::RSP] & ~size_mask(width)) | (top & size_mask(width));
    for (unsigned i = 1; i < level; ++i) {
        const std::uint64_t offset = (state.gpr[x86::RBP] - i * size) & size_mask(width);
        const Gva from = GUEST_TRY(linear_address(state, x86::SS, offset, size, Intent::Read));
        const std::uint64_t pointer = GUEST_TRY(read_value(system.mmu, from, size, state.access_class()));
        top -= size;
        GUEST_TRY(write_stack(system, top, pointer, size));
    }
    if (level != 0) {
        top -= size;
        GUEST_TRY(write_stack(system, top, frame, size));
    }
    top -= space;
    const Gva last = GUEST_TRY(linear_address(state, x86::SS, top & size_mask(width), size, Intent::Write));
    GUEST_TRY(check_write(system.mmu, last, size, state.access_class()));
    set_gpr(state, x86::RSP, top, width);
    set_gpr(state, x86::RBP, frame, size);
    return advance(state, in);
}

Checked<void> execute_leave(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    const unsigned width = stack_bytes(state);
    const std::uint64_t offset = state.gpr[x86::RBP] & size_mask(width);
    const Gva from = GUEST_TRY(linear_address(state, x86::SS, offset, size, Intent::Read));
    const std::uint64_t value = GUEST_TRY(read_value(system.mmu, from, size, state.access_class()));
    set_gpr(state, x86::RSP, offset + size, width);
    set_gpr(state, x86::RBP, value, size);
    return advance(state, in);
}

}  // namespace hospes::translator
