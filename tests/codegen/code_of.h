// The host code that the translator makes of a piece of guest code, as text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/translator/cache/code_cache.h"
#include "memory/guest_ram.h"

namespace hospes::codegen {

// Made from one instruction or block of 64-bit user code, for a CPU that is the same everywhere.
class Code {
  public:
    // `guest`: so many instructions.
    Code(std::span<const std::uint8_t> guest, unsigned instructions);

    // Guest bytes that the block is made from: all of `guest` if the piece is well chosen.
    unsigned guest_length() const;
    // What runs usually, an instruction a line: without the ways in, with names for the engine's own memory, and `cold`
    // for what runs seldom.
    std::vector<std::string> host_lines() const;

  private:
    std::unique_ptr<memory::GuestRam> ram_;
    x86::CpuidModel model_;
    std::unique_ptr<translator::CodeMemory> memory_;
    std::unique_ptr<translator::CodeCache> cache_;
    translator::BlockIndex block_ = 0;
};

// One line for each of the instructions in `bytes`.
std::vector<std::string> disassemble(std::span<const std::uint8_t> bytes);

}  // namespace hospes::codegen
