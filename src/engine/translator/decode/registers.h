// General registers as the decoder names them.
#pragma once

#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

inline bool is_gpr(ZydisRegister reg) {
    switch (ZydisRegisterGetClass(reg)) {
        case ZYDIS_REGCLASS_GPR8:
        case ZYDIS_REGCLASS_GPR16:
        case ZYDIS_REGCLASS_GPR32:
        case ZYDIS_REGCLASS_GPR64: return true;
        default: return false;
    }
}

inline bool is_gpr(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(operand.reg.value);
}

// Within its class.
inline unsigned register_number(ZydisRegister reg) { return static_cast<std::uint8_t>(ZydisRegisterGetId(reg)); }

// The general register's number, whatever its width; that of AH is RAX's.
inline unsigned guest_gpr(ZydisRegister reg) {
    if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL) return reg - ZYDIS_REGISTER_AL;
    if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH) return reg - ZYDIS_REGISTER_AH;
    if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B) return reg - ZYDIS_REGISTER_SPL + 4u;
    return register_number(reg);
}

// How many displaced guest registers (host_registers.h) are operands, those in a memory operand's address left out.
inline unsigned displaced_operands(const Instruction& in) {
    unsigned set = 0;
    for (unsigned i = 0; i < in.info().operand_count; ++i) {
        const ZydisDecodedOperand& operand = in.operand(i);
        if (is_gpr(operand) && is_displaced(guest_gpr(operand.reg.value))) set |= 1u << guest_gpr(operand.reg.value);
    }
    return static_cast<unsigned>(__builtin_popcount(set));
}

}  // namespace hospes::translator
