// The part of an instruction that says what it is: prefixes, opcode, ModRM and SIB. What follows, displacement and
// immediate, is data, and its sizes follow from the head.
#pragma once

#include <cstdint>

namespace hospes::translator {

inline constexpr unsigned kLongestHead = 8;

// Length of the head of the 64-bit code at `bytes`, of which 15 can be read; 0: it is longer than kLongestHead, or of a
// kind whose data take part in what it is (AVX and later, three-byte opcodes, double shifts, absolute moves). A shift's
// count, which decides about flags, counts as head.
unsigned head_length(const std::uint8_t* bytes);

}  // namespace hospes::translator
