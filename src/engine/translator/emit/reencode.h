// Writes a guest instruction again as a 64-bit host instruction, with other general registers and another memory
// operand. Everything else (prefixes, opcode, immediates, vector registers, EVEX fields) stays as it was.
#pragma once

#include "engine/translator/decode/instruction.h"
#include "engine/translator/emit/assembler.h"

namespace hospes::translator {

// Host registers for the encoding's fields; kNoReg keeps the field.
struct Substitution {
    HostReg reg = kNoReg;     // ModRM.reg
    HostReg rm = kNoReg;      // ModRM.rm of a register operand
    HostReg vvvv = kNoReg;    // VEX.vvvv
    HostReg opcode = kNoReg;  // the register in the opcode's low bits
    bool has_memory = false;
    HostMem memory;
};

// Whether the re-encoded instruction would need a REX prefix (which AH, CH, DH and BH forbid).
bool needs_rex(const Instruction& in, const Substitution& substitution);

void reencode(Assembler& assembler, const Instruction& in, const Substitution& substitution);

}  // namespace hospes::translator
