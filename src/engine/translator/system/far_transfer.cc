// JMP, CALL and RET far, and call gates (SDM volume 2, "Operation"; volume 3, 5.8). No task switches.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/missing.h"
#include "engine/translator/system/outer_return.h"

namespace hospes::translator {

namespace {

enum class Branch : std::uint8_t { Jump, Call };

struct FarPointer {
    std::uint64_t offset = 0;
    std::uint16_t selector = 0;
};

// Where a transfer leads, checked.
struct Target {
    Descriptor code;
    std::uint64_t rip = 0;
    unsigned cpl = 0;
};

Checked<FarPointer> read_pointer(System& system, const DecodedInstruction& in) {
    const GuestState& state = system.state();
    const ZydisDecodedOperand& operand = in.operands[0];
    const unsigned size = operand_bytes(in);
    FarPointer pointer;
    if (operand.type == ZYDIS_OPERAND_TYPE_POINTER) {
        pointer.offset = operand.ptr.offset & size_mask(size);
        pointer.selector = operand.ptr.segment;
        return pointer;
    }
    std::uint8_t bytes[16] = {};
    const Gva address = GUEST_TRY(operand_address(state, in, 0, size + 2, Intent::Read));
    GUEST_TRY(read_memory(system.mmu, address, bytes, size + 2, state.access_class()));
    __builtin_memcpy(&pointer.offset, bytes, 8);
    __builtin_memcpy(&pointer.selector, bytes + size, 2);
    pointer.offset &= size_mask(size);
    return pointer;
}

// What all code segment descriptors have to satisfy once their type and privilege are found right.
Checked<void> check_code(const GuestState& state, const Descriptor& code) {
    if (state.long_mode() && code.long_code() && code.default_big()) return selector_fault(x86::GP, code.selector);
    if (!code.present()) return selector_fault(x86::NP, code.selector);
    return {};
}

Checked<void> check_offset(const GuestState& state, const Target& target) {
    const bool long_code = state.long_mode() && target.code.long_code();
    const bool good = long_code ? is_canonical(target.rip) : target.rip <= target.code.segment().limit;
    if (!good) return general_protection();
    return {};
}

// No faults from here on.
void commit(GuestState& state, const Target& target) {
    x86::Segment code = target.code.segment();
    code.selector = static_cast<std::uint16_t>((code.selector & ~3u) | target.cpl);
    set_segment(state, x86::CS, code);
    state.cpl = static_cast<std::uint8_t>(target.cpl);
    state.rip = target.rip;
}

// CS and the return address on the current stack, two values: a 16-bit stack may wrap between them.
struct ReturnSlots {
    Gva cs = 0, rip = 0;
    std::uint64_t top = 0;
};
Checked<ReturnSlots> find_slots(const GuestState& state, unsigned size) {
    const std::uint64_t mask = size_mask(stack_bytes(state));
    const std::uint64_t first = (state.gpr[x86::RSP] - size) & mask;
    ReturnSlots slots;
    slots.top = (first - size) & mask;
    slots.cs = GUEST_TRY(linear_address(state, x86::SS, first, size, Intent::Write));
    slots.rip = GUEST_TRY(linear_address(state, x86::SS, slots.top, size, Intent::Write));
    return slots;
}
Checked<void> push_return(System& system, const ReturnSlots& slots, std::uint64_t rip, unsigned size) {
    GuestState& state = system.state();
    const AccessClass access = state.access_class();
    GUEST_TRY(write_value(system.mmu, slots.cs, state.segments[x86::CS].selector, size, access));
    GUEST_TRY(write_value(system.mmu, slots.rip, rip, size, access));
    set_gpr(state, x86::RSP, slots.top, stack_bytes(state));
    return {};
}

// A code segment named by the instruction itself: the privilege level stays.
Checked<void> transfer_direct(System& system, const DecodedInstruction& in, Branch branch, const FarPointer& pointer,
                              const Descriptor& code) {
    GuestState& state = system.state();
    const bool allowed =
        code.conforming() ? code.dpl() <= state.cpl : rpl(pointer.selector) <= state.cpl && code.dpl() == state.cpl;
    if (!allowed) return selector_fault(x86::GP, pointer.selector);
    GUEST_TRY(check_code(state, code));
    Target target{code, pointer.offset, state.cpl};
    const unsigned size = operand_bytes(in);
    ReturnSlots slots;
    if (branch == Branch::Call) slots = GUEST_TRY(find_slots(state, size));
    GUEST_TRY(check_offset(state, target));
    GUEST_TRY(mark_accessed(system, target.code));
    if (branch == Branch::Call) GUEST_TRY(push_return(system, slots, next_rip(state, in), size));
    commit(state, target);
    return {};
}

struct CallGate {
    std::uint64_t offset = 0;
    std::uint16_t target = 0;
    unsigned width = 4;  // of what it pushes, in bytes
    unsigned parameters = 0;
};

Checked<CallGate> check_gate(System& system, Descriptor gate) {
    const GuestState& state = system.state();
    const std::uint16_t selector = gate.selector;
    if (gate.dpl() < state.cpl || rpl(selector) > gate.dpl()) return selector_fault(x86::GP, selector);
    CallGate result;
    if (state.long_mode()) {
        gate = GUEST_TRY(read_system_descriptor(system, selector, x86::GP));
        if (((gate.high >> 40) & 0x1f) != 0) return selector_fault(x86::GP, selector);
    }
    if (!gate.present()) return selector_fault(x86::NP, selector);
    result.offset = (gate.low & 0xffff) | ((gate.low >> 32) & 0xffff'0000) | gate.high << 32;
    result.target = static_cast<std::uint16_t>(gate.low >> 16);
    result.parameters = (gate.low >> 32) & 0x1f;
    result.width = state.long_mode() ? 8 : (gate.type() & 8) != 0 ? 4 : 2;
    if (result.width == 2) result.offset &= 0xffff;
    return result;
}

Checked<Target> gate_target(System& system, const CallGate& gate, Branch branch) {
    const GuestState& state = system.state();
    if (is_null(gate.target)) return general_protection();
    Target target;
    target.code = GUEST_TRY(read_descriptor(system, gate.target, x86::GP));
    const Descriptor& code = target.code;
    const bool exact = branch == Branch::Jump && !code.conforming();
    if (!code.is_code() || (exact ? code.dpl() != state.cpl : code.dpl() > state.cpl)) {
        return selector_fault(x86::GP, gate.target);
    }
    if (state.long_mode() && (!code.long_code() || code.default_big())) return selector_fault(x86::GP, gate.target);
    if (!code.present()) return selector_fault(x86::NP, gate.target);
    target.rip = gate.offset;
    target.cpl = code.conforming() ? state.cpl : code.dpl();
    return target;
}

// In long mode RSP counts in full, whatever the caller's mode, and nothing but return addresses is copied.
Checked<void> call_long(System& system, Target& target, std::uint64_t next) {
    GuestState& state = system.state();
    const bool inner = target.cpl < state.cpl;
    std::uint64_t stack = state.gpr[x86::RSP];
    if (inner) stack = GUEST_TRY(read_inner_stack(system, target.cpl, 0)).pointer;
    const std::uint64_t frame[4] = {next, state.segments[x86::CS].selector, state.gpr[x86::RSP],
                                    state.segments[x86::SS].selector};
    const unsigned size = inner ? 32 : 16;
    const std::uint64_t top = stack - size;
    if (!is_canonical(top) || !is_canonical(stack - 1)) return stack_fault();
    GUEST_TRY(check_offset(state, target));
    GUEST_TRY(mark_accessed(system, target.code));
    GUEST_TRY(write_memory(system.mmu, top, frame, size, inner ? implicit_class(state) : state.access_class()));
    state.gpr[x86::RSP] = top;
    if (inner) set_null_segment(state, x86::SS, static_cast<std::uint16_t>(target.cpl));
    commit(state, target);
    return {};
}

// Whether [top, top + size) lies within the stack segment that is about to be loaded.
bool within_limit(const x86::Segment& segment, std::uint64_t top, unsigned size) {
    const std::uint64_t last = top + size - 1;
    if ((segment.type() & 4) == 0) return last <= segment.limit;
    return top > segment.limit && last <= (segment.default_big() ? 0xffff'ffffull : 0xffffull);
}

void store(std::uint8_t* to, std::uint64_t value, unsigned width) {
    if (width == 4) {
        __builtin_memcpy(to, &value, 4);
    } else {
        __builtin_memcpy(to, &value, 2);
    }
}

// The frame on the inner stack, lowest first: return address, CS, parameters, the outer stack pointer, SS.
Checked<unsigned> build_frame(System& system, const CallGate& gate, std::uint64_t next, std::uint8_t* frame) {
    const GuestState& state = system.state();
    const unsigned width = gate.width;
    const unsigned count = gate.parameters;
    store(frame, next, width);
    store(frame + width, state.segments[x86::CS].selector, width);
    for (unsigned i = 0; i < count; ++i) {
        store(frame + (2 + i) * width, GUEST_TRY(peek_value(system, i * width, width)), width);
    }
    store(frame + (2 + count) * width, state.gpr[x86::RSP], width);
    store(frame + (3 + count) * width, state.segments[x86::SS].selector, width);
    return (4 + count) * width;
}

Checked<void> call_inner_legacy(System& system, const CallGate& gate, Target& target, std::uint64_t next) {
    GuestState& state = system.state();
    const InnerStack inner = GUEST_TRY(read_inner_stack(system, target.cpl, 0));
    Descriptor stack = GUEST_TRY(check_stack_segment(system, inner.selector, target.cpl, x86::TS, 0));
    const x86::Segment segment = stack.segment();
    const unsigned width = segment.default_big() ? 4 : 2;
    const unsigned size = (4 + gate.parameters) * gate.width;
    const std::uint64_t top = (inner.pointer - size) & size_mask(width);
    if (!within_limit(segment, top, size)) return selector_fault(x86::SS_, inner.selector);
    GUEST_TRY(check_offset(state, target));
    std::uint8_t frame[(4 + 31) * 4];
    GUEST_TRY(build_frame(system, gate, next, frame));
    GUEST_TRY(mark_accessed(system, stack));
    GUEST_TRY(mark_accessed(system, target.code));
    GUEST_TRY(write_memory(system.mmu, (segment.base + top) & 0xffff'ffff, frame, size, implicit_class(state)));
    set_segment(state, x86::SS, stack.segment());
    set_gpr(state, x86::RSP, top, width);
    commit(state, target);
    return {};
}

Checked<void> transfer_by_gate(System& system, const DecodedInstruction& in, Branch branch,
                               const Descriptor& descriptor) {
    GuestState& state = system.state();
    const CallGate gate = GUEST_TRY(check_gate(system, descriptor));
    Target target = GUEST_TRY(gate_target(system, gate, branch));
    const std::uint64_t next = next_rip(state, in);
    if (branch == Branch::Call) {
        if (state.long_mode()) return call_long(system, target, next);
        if (target.cpl < state.cpl) return call_inner_legacy(system, gate, target, next);
    }
    ReturnSlots slots;
    if (branch == Branch::Call) slots = GUEST_TRY(find_slots(state, gate.width));
    GUEST_TRY(check_offset(state, target));
    GUEST_TRY(mark_accessed(system, target.code));
    if (branch == Branch::Call) GUEST_TRY(push_return(system, slots, next, gate.width));
    commit(state, target);
    return {};
}

Checked<void> transfer(System& system, const DecodedInstruction& in, Branch branch) {
    GuestState& state = system.state();
    const FarPointer pointer = GUEST_TRY(read_pointer(system, in));
    if (!state.protected_mode()) {
        const unsigned size = operand_bytes(in);
        ReturnSlots slots;
        if (branch == Branch::Call) slots = GUEST_TRY(find_slots(state, size));
        if (pointer.offset > state.segments[x86::CS].limit) return general_protection();
        if (branch == Branch::Call) GUEST_TRY(push_return(system, slots, next_rip(state, in), size));
        enter_real_code(state, pointer.selector, pointer.offset);
        return {};
    }
    if (is_null(pointer.selector)) return general_protection();
    const Descriptor descriptor = GUEST_TRY(read_descriptor(system, pointer.selector, x86::GP));
    if (descriptor.is_code()) return transfer_direct(system, in, branch, pointer, descriptor);
    if (descriptor.is_code_or_data()) return selector_fault(x86::GP, pointer.selector);
    const unsigned type = descriptor.type();
    if (type == 0xc || (type == 4 && !state.long_mode())) return transfer_by_gate(system, in, branch, descriptor);
    if (!state.long_mode() && (type == 1 || type == 5 || type == 9)) {
        return not_there(system, Missing::TaskTransfer, undefined_opcode());
    }
    return selector_fault(x86::GP, pointer.selector);
}

}  // namespace

Checked<void> far_jump(System& system, const DecodedInstruction& in) { return transfer(system, in, Branch::Jump); }

Checked<void> far_call(System& system, const DecodedInstruction& in) { return transfer(system, in, Branch::Call); }

Checked<void> far_return(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    unsigned release = 0;
    if (in.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) release = in.operands[0].imm.value.u & 0xffffu;
    const std::uint64_t rip = GUEST_TRY(peek_value(system, 0, size));
    const auto cs = static_cast<std::uint16_t>(GUEST_TRY(peek_value(system, size, size)));
    if (!state.protected_mode()) {
        if (rip > state.segments[x86::CS].limit) return general_protection();
        drop(state, 2 * size + release);
        enter_real_code(state, cs, rip);
        return {};
    }
    const ReturnTarget target = GUEST_TRY(check_return(system, cs, rip));
    if (target.cpl == state.cpl) {
        drop(state, 2 * size + release);
        commit_return(state, target);
        return {};
    }
    const std::uint64_t pointer = GUEST_TRY(peek_value(system, 2 * size + release, size));
    const auto ss = static_cast<std::uint16_t>(GUEST_TRY(peek_value(system, 3 * size + release, size)));
    const ReturnStack stack = GUEST_TRY(check_return_stack(system, ss, target));
    commit_return(state, target);
    commit_return_stack(state, stack, pointer + release);  // the parameters were on the outer stack too
    return {};
}

}  // namespace hospes::translator
