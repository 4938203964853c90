#include <algorithm>

#include "forms/instantiate.h"
#include "native/shared.h"

namespace hospes::oracle {

namespace {

// Pushes and pops move RSP by another amount in each mode.
bool uses_stack(const Decoded& decoded) {
    for (unsigned i = 0; i < decoded.instruction.operand_count; ++i) {
        const ZydisDecodedOperand& operand = decoded.operands[i];
        if (operand.visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN || operand.type != ZYDIS_OPERAND_TYPE_REGISTER)
            continue;
        if (operand.reg.value == ZYDIS_REGISTER_ESP || operand.reg.value == ZYDIS_REGISTER_RSP) return true;
    }
    return false;
}

bool same_operand(const ZydisDecodedOperand& narrow, const ZydisDecodedOperand& wide) {
    if (narrow.type != wide.type || narrow.size != wide.size) return false;
    if (narrow.type == ZYDIS_OPERAND_TYPE_REGISTER) return narrow.reg.value == wide.reg.value;
    if (narrow.type == ZYDIS_OPERAND_TYPE_MEMORY) {
        return narrow.mem.base == wide.mem.base && narrow.mem.index == wide.mem.index &&
               narrow.mem.scale == wide.mem.scale;
    }
    return true;
}

}  // namespace

bool same_in_64_bits(const Form& form, const Assembled& code) {
    std::uint8_t prefixed[32] = {kAddressSizePrefix};
    std::copy_n(code.bytes, code.length, prefixed + 1);
    Decoded narrow, wide;
    if (!decode(true, code.bytes, code.length, narrow) || !decode(false, prefixed, code.length + 1u, wide))
        return false;
    if (wide.instruction.mnemonic != narrow.instruction.mnemonic || wide.instruction.length != code.length + 1u)
        return false;
    // The areas of FXSAVE and kin hold more registers there.
    const ZydisInstructionCategory category = narrow.instruction.meta.category;
    if (category == ZYDIS_CATEGORY_XSAVE || category == ZYDIS_CATEGORY_XSAVEOPT) return false;
    const ZydisISASet set = narrow.instruction.meta.isa_set;
    if (set == ZYDIS_ISA_SET_FXSAVE || set == ZYDIS_ISA_SET_FXSAVE64) return false;
    // LOOP's name is the same, JCXZ's is not; all of them count in ECX here.
    if (uses_stack(narrow) || narrow.instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) return false;
    if (form.group == Group::Compat32 && narrow.instruction.meta.category == ZYDIS_CATEGORY_INTERRUPT) return false;
    for (unsigned i = 0; i < narrow.instruction.operand_count_visible; ++i) {
        if (!form.relative && !same_operand(narrow.operands[i], wide.operands[i])) return false;
    }
    return true;
}

}  // namespace hospes::oracle
