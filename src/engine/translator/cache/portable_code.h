// A block's host code as it lies in the code memory, and as it can lie anywhere: as if both its parts, and the thunks,
// were at 0, and its first exit and its stored instructions had the number 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/translator/decode/instruction.h"
#include "engine/translator/emit/block_emitter.h"
#include "engine/translator/saved/saved_block.h"

namespace hospes::translator {

// Where a block lies, and the number of its first exit. Thunks are at the same place in all runs of a program.
struct Placement {
    std::uint8_t* memory;  // the code memory, writable
    CodeOffset hot, hot_size, cold;
    ExitIndex first_exit;

    std::uint32_t distance(const Relocation& relocation) const;
    // From an offset that counts from the hot part's begin to one as CodePoint::host, and back.
    std::uint16_t position(CodeOffset from_begin) const;
    CodeOffset from_begin(std::uint16_t position) const;
    std::uint8_t* at(std::uint16_t position) const { return memory + hot + from_begin(position); }
};

// The code of the block that was emitted there, portable.
std::vector<std::uint8_t> portable_code(const Placement& placement, const EmittedBlock& emitted);
// Copies portable code there. What is of Kind::System is not relocated.
void put_in_place(const Placement& placement, const SavedBlock& saved);

SavedExit to_saved(const ExitRecord& exit, const Placement& placement);
// `source`, `linked` and `stub` are not set.
ExitRecord from_saved(const SavedExit& saved, const Placement& placement);

void add32(std::uint8_t* at, std::uint32_t value);

// Where in a block's bytes constants lie that may be addresses in a kernel: displacements, and immediates of 32 bits
// and 64, whose low halves count.
std::vector<std::uint16_t> kernel_addresses(std::span<const Instruction> instructions);
// How far such a constant is moved for a trial: the third byte changes, and no lower one.
inline constexpr std::uint32_t kTrialMove = 3u << 21;
// `moved` is the code with the constant at `guest` greater by kTrialMove. Adds the places where the two differ, if they
// differ by that alone.
void add_constants(std::vector<SavedConstant>& to, std::uint16_t guest, std::span<const std::uint8_t> code,
                   std::span<const std::uint8_t> moved);

}  // namespace hospes::translator
