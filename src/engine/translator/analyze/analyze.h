// Stage 2: passes over a block's instructions. Each is a free function; run_passes() is the list.
#pragma once

#include <span>

#include "engine/translator/analyze/loop.h"
#include "engine/translator/cache/mode.h"
#include "engine/translator/decode/instruction.h"
#include "engine/translator/optimisations.h"

namespace hospes::translator {

// Whether one probe may serve several accesses of blocks of this mode.
inline bool shares_probes(Mode mode) {
    const bool one_by_one =
        mode.has(Mode::kPlain) || mode.has(Mode::kBounce) || mode.has(Mode::kSingle) || mode.has(Mode::kAlignment);
    return mode.has(Mode::kCode64) && !one_by_one;
}

// Whether the block's first instructions are a loop to be unrolled; then those that lie in windows know it. `without`:
// Optimisation bits.
Loop analyze_loop(std::span<Instruction> block, Mode mode, std::uint32_t without);

// Backward: which status flags are needed before and after each instruction, all of them being needed wherever the
// block is left, and whether an instruction of the block is the one that needs them.
void analyze_flags(std::span<Instruction> block);

// Which memory accesses go through the same unmodified base register, near enough to share one TLB probe. The first
// `slots` of GuestState::windows may be used.
void analyze_sharing(std::span<Instruction> block, unsigned slots);

// The block may become shorter: what comes after a loop is not part of it. `without`: Optimisation bits.
inline Loop run_passes(std::span<Instruction>& block, Mode mode, std::uint32_t without) {
    const Loop loop = analyze_loop(block, mode, without);
    if (loop.length != 0) {
        block = block.first(loop.length);
    } else {
        analyze_flags(block);
    }
    if (shares_probes(mode) && !(without & kSharedProbes)) analyze_sharing(block, kWindows - loop.slots());
    return loop;
}

}  // namespace hospes::translator
