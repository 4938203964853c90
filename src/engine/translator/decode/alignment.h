// Which instructions demand a naturally aligned memory operand (SDM volume 1, 10.4.2 and 14.9).
#pragma once

#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

// Whether a misaligned operand is #GP(0), before anything that is wrong with its page.
bool needs_alignment(const Instruction& instruction);

}  // namespace hospes::translator
