// One decoded instruction with all its operands, hidden ones included.
#pragma once

#include <Zydis/Zydis.h>

#include <cstdint>
#include <string>

namespace hospes::oracle {

struct Decoded {
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

// False if the bytes are no instruction.
bool decode(bool compat, const std::uint8_t* bytes, std::size_t length, Decoded& decoded);

// "add eax, [rbx+4]", for reports; "(bad)" if it is none.
std::string disassemble(bool compat, const std::uint8_t* bytes, std::size_t length, std::uint64_t address);

// "48 01 c0"
std::string hex_bytes(const std::uint8_t* bytes, std::size_t length);

}  // namespace hospes::oracle
