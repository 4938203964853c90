// Stage 2: passes over a block's instructions. Each is a free function; run_passes() is the list.
#pragma once

#include <span>

#include "engine/translator/cache/mode.h"
#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

// Backward: which status flags are needed before and after each instruction, all of them being needed wherever the
// block is left, and whether an instruction of the block is the one that needs them.
void analyze_flags(std::span<Instruction> block);

// Which memory accesses go through the same unmodified base register, near enough to share one TLB probe.
void analyze_sharing(std::span<Instruction> block, Mode mode);

inline void run_passes(std::span<Instruction> block, Mode mode) {
    analyze_flags(block);
    analyze_sharing(block, mode);
}

}  // namespace hospes::translator
