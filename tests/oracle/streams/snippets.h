// Instructions that the stream generator writes by itself. All go into the unit that is being made: stream.units.
#pragma once

#include "streams/stream.h"

namespace hospes::oracle {

// Appends the bytes as they are; gives the piece's index.
int append_piece(Stream& stream, std::vector<std::uint8_t> bytes);

// An instruction that ends in a displacement of `fix_bytes` to a piece; set its label when that piece is known.
int append_branch(Stream& stream, std::vector<std::uint8_t> opcode, unsigned fix_bytes);

// MOV gpr, value; leaves the flags alone.
void append_load(Stream& stream, unsigned gpr, std::uint64_t value);

// LEA gpr, [rip + label]
int append_load_label(Stream& stream, unsigned gpr);

// `opcode` with ModRM.reg = `extension` and a register operand; 64-bit operand size by itself or with `wide`.
void append_one_operand(Stream& stream, std::uint8_t opcode, unsigned extension, unsigned gpr, bool wide);

// An opcode that has the register in its low bits: PUSH, POP.
void append_short(Stream& stream, std::uint8_t opcode, unsigned gpr);

}  // namespace hospes::oracle
