// What instructions demand of the alignment of their memory operands: always (SDM volume 1, 10.4.2 and 14.9), and where
// alignment is checked (volume 3, 6.15, #AC).
#pragma once

#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

// Whether a misaligned operand is #GP(0), before anything that is wrong with its page.
bool needs_alignment(const Instruction& instruction);

// In bytes, a power of two: the alignment without which an access of `size` bytes by the instruction is #AC(0), where
// that is checked. For vectors it is up to the processor; this is what AMD's do.
unsigned checked_alignment(const Instruction& instruction, unsigned size);

}  // namespace hospes::translator
