// PUSH, POP, LEAVE and the return address of CALL. The stack pointer moves only after the access has succeeded.
#include "engine/translator/emit/block_emitter.h"

#include "engine/translator/decode/registers.h"

namespace hospes::translator {

using namespace x86;

namespace {

HostMem scratch_slot(unsigned slot) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, scratch) + slot * 8));
}

HostMem selector_of(unsigned segment) {
    return at(kState, static_cast<std::int64_t>(offsetof(GuestState, segments) + segment * sizeof(Segment) +
                                                offsetof(Segment, selector)));
}

// The explicit operand of PUSH m and POP m never shares a probe: `sharing` describes the stack slot.
constexpr Sharing kAlone{};

}  // namespace

void BlockEmitter::emit_stack_pointer_add(std::int64_t bytes) {
    if (options_.breakage == Breakage::Stack) bytes *= 2;
    if (code64_) {
        a_.lea(kGuestRsp, at(kGuestRsp, bytes));
    } else {
        a_.lea32(kGuestRsp, at(kGuestRsp, bytes));
    }
}

void BlockEmitter::emit_push(const Instruction& in) {
    const ZydisDecodedOperand& operand = in.operand(0);
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        Access source = operand_access(in);
        source.sharing = &kAlone;
        load_width(kT2, emit_access(in, source));
        a_.store(scratch_slot(kValueSlot), kT2);
    }
    const HostMem to = emit_access(in, stack_access(in, kGuestRsp, -static_cast<std::int64_t>(width()), true));
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        if (code64_) {
            a_.store_imm64(to, static_cast<std::int32_t>(operand.imm.value.s));
        } else {
            a_.store_imm32(to, static_cast<std::uint32_t>(operand.imm.value.u));
        }
    } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        a_.load(kT2, scratch_slot(kValueSlot));
        store_width(to, kT2);
    } else if (ZydisRegisterGetClass(operand.reg.value) == ZYDIS_REGCLASS_SEGMENT) {
        a_.movzx16(kT2, selector_of(register_number(operand.reg.value)));
        store_width(to, kT2);
    } else {
        store_width(to, use(register_number(operand.reg.value), kT2));
    }
    emit_stack_pointer_add(-static_cast<std::int64_t>(width()));
}

// Status flags and DF are the host's, IF is a byte of its own, the rest is in the state; RF and VM read as 0.
void BlockEmitter::emit_push_flags(const Instruction& in) {
    constexpr std::uint32_t kHost = rflags::kStatus | rflags::DF;
    constexpr std::uint32_t kElsewhere = kHost | rflags::IF | rflags::RF | rflags::VM;
    if (in.live_after != 0) save_flags();  // and RFLAGS stays as it is for now
    a_.pushfq();
    a_.pop(kT0);
    a_.alu32_imm(kAnd, kT0, static_cast<std::int32_t>(kHost));
    window_ = -1;
    a_.load32(kT1, STATE(rflags));
    a_.alu32_imm(kAnd, kT1, static_cast<std::int32_t>(~kElsewhere));
    a_.alu32(kOr, kT0, kT1);
    a_.movzx8(kT1, STATE(interrupt_flag));
    a_.shl32(kT1, 9);
    a_.alu32(kOr, kT0, kT1);
    a_.store(scratch_slot(kValueSlot), kT0);
    const Access access = stack_access(in, kGuestRsp, -static_cast<std::int64_t>(width()), true);
    const HostMem to = emit_access(in, access, in.live_after != 0, false);
    a_.load(kT2, scratch_slot(kValueSlot));
    store_width(to, kT2);
    emit_stack_pointer_add(-static_cast<std::int64_t>(width()));
}

void BlockEmitter::emit_pop(const Instruction& in) {
    const ZydisDecodedOperand& operand = in.operand(0);
    if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) return emit_pop_memory(in);
    const HostMem from = emit_access(in, stack_access(in, kGuestRsp, 0, false));
    const unsigned guest = register_number(operand.reg.value);
    if (guest == RSP) {
        load_width(kGuestRsp, from);
        return;
    }
    const HostReg to = is_displaced(guest) ? kT2 : host_register(guest);
    load_width(to, from);
    if (is_displaced(guest)) a_.store(gpr_slot(guest), kT2);
    emit_stack_pointer_add(width());
}

// The address of the destination is computed with the stack pointer already raised.
void BlockEmitter::emit_pop_memory(const Instruction& in) {
    load_width(kT2, emit_access(in, stack_access(in, kGuestRsp, 0, false)));
    a_.store(scratch_slot(kValueSlot), kT2);
    Access target = operand_access(in);
    target.sharing = &kAlone;
    const ZydisRegister base = in.memory_operand().mem.base;
    if (base == ZYDIS_REGISTER_RSP || base == ZYDIS_REGISTER_ESP) target.address.disp = width();
    const HostMem to = emit_access(in, target);
    a_.load(kT2, scratch_slot(kValueSlot));
    store_width(to, kT2);
    emit_stack_pointer_add(width());
}

void BlockEmitter::emit_leave(const Instruction& in) {
    const HostMem from = emit_access(in, stack_access(in, RBP, 0, false));
    load_width(kT2, from);
    if (code64_) {
        a_.lea(kGuestRsp, at(RBP, 8));
    } else {
        a_.lea32(kGuestRsp, at(RBP, 4));
    }
    a_.mov(RBP, kT2);
}

HostMem BlockEmitter::emit_return_address_slot(const Instruction& in) {
    return emit_access(in, stack_access(in, kGuestRsp, -static_cast<std::int64_t>(width()), true));
}

void BlockEmitter::emit_store_return_address(const Instruction& in, const HostMem& to) {
    a_.load(kT2, STATE(page_base));
    a_.lea(kT2, at(kT2, in.end()));
    store_width(to, kT2);
    emit_stack_pointer_add(-static_cast<std::int64_t>(width()));
}

}  // namespace hospes::translator
