#include "engine/translator/analyze/values.h"

#include "engine/translator/decode/registers.h"

namespace hospes::translator {

using namespace x86;

void Values::step(const Instruction& in) {
    if (step_stack(in) || step_arithmetic(in)) return;
    for (unsigned i = 0; i < in.info().operand_count; ++i) {
        const ZydisDecodedOperand& operand = in.operand(i);
        if (is_gpr(operand) && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
            values_[guest_gpr(operand.reg.value)] = fresh();
        }
    }
}

bool Values::step_stack(const Instruction& in) {
    const bool to_register = in.operand(0).type == ZYDIS_OPERAND_TYPE_REGISTER;
    switch (in.kind) {
        case Kind::Push:
        case Kind::PushFlags:
        case Kind::Call:
        case Kind::CallIndirect: values_[RSP] = plus(values_[RSP], -8); return true;
        case Kind::Pop:
            values_[RSP] = plus(values_[RSP], 8);
            if (to_register) values_[guest_gpr(in.operand(0).reg.value)] = fresh();
            return true;
        case Kind::Leave:
            values_[RSP] = plus(values_[RBP], 8);
            values_[RBP] = fresh();
            return true;
        default: return false;
    }
}

// MOV, ADD, SUB, LEA, INC and DEC of 64-bit registers keep the relation.
bool Values::step_arithmetic(const Instruction& in) {
    const ZydisDecodedOperand& to = in.operand(0);
    if (to.type != ZYDIS_OPERAND_TYPE_REGISTER || to.size != 64 || !is_gpr(to.reg.value)) return false;
    const unsigned target = guest_gpr(to.reg.value);
    const ZydisDecodedOperand& from = in.operand(1);
    const bool immediate =
        from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && from.imm.value.s >= -4096 && from.imm.value.s <= 4096;
    switch (in.info().mnemonic) {
        case ZYDIS_MNEMONIC_ADD:
            if (!immediate) return false;
            values_[target] = plus(values_[target], from.imm.value.s);
            return true;
        case ZYDIS_MNEMONIC_SUB:
            if (!immediate) return false;
            values_[target] = plus(values_[target], -from.imm.value.s);
            return true;
        case ZYDIS_MNEMONIC_INC: values_[target] = plus(values_[target], 1); return true;
        case ZYDIS_MNEMONIC_DEC: values_[target] = plus(values_[target], -1); return true;
        case ZYDIS_MNEMONIC_MOV:
            if (from.type != ZYDIS_OPERAND_TYPE_REGISTER || !is_gpr(from.reg.value)) return false;
            values_[target] = values_[guest_gpr(from.reg.value)];
            return true;
        case ZYDIS_MNEMONIC_LEA: return in.constant == nullptr && step_lea(target, from.mem, in.info().address_width);
        default: return false;
    }
}

bool Values::step_lea(unsigned target, const ZydisDecodedOperandMem& mem, unsigned width) {
    if (mem.index != ZYDIS_REGISTER_NONE || !is_gpr(mem.base) || width != 64) return false;
    if (mem.disp.value < -4096 || mem.disp.value > 4096) return false;
    values_[target] = plus(values_[guest_gpr(mem.base)], mem.disp.value);
    return true;
}

}  // namespace hospes::translator
