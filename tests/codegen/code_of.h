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

// Made from one instruction or block of user code, for a CPU that is the same everywhere.
class Code {
  public:
    // `guest`: so many instructions, of 64-bit code or of 32-bit code in flat segments.
    Code(std::span<const std::uint8_t> guest, unsigned instructions, bool code64);

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
std::vector<std::string> disassemble(std::span<const std::uint8_t> bytes, bool code64);

}  // namespace hospes::codegen
