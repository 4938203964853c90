// Which kind an admitted instruction is, and what of its operands the later stages need.
#pragma once

#include "engine/translator/cache/mode.h"
#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

// Fills kind, memory operand, access size and flags of a decoded instruction.
void classify(Instruction& out, Mode mode);

// False if CR0, CR4 or XCR0 forbid this x87 or vector instruction in `mode`: C++ then gives the #NM or #UD.
bool vector_unit_on(const ZydisDecodedInstruction& info, Mode mode);

}  // namespace hospes::translator
