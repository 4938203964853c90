// Instructions that were decoded and classified before, by their heads. Programs use few different ones: a look here is
// several times cheaper than decoding.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/translator/cache/mode.h"
#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

class DecodeMemo {
  public:
    DecodeMemo() : entries_(kEntries) {}

    // Fills `out` as Decoder::decode() would, if the instruction at `bytes`, of which 15 can be read, is known in this
    // mode. False: it is not.
    bool recall(const std::uint8_t* bytes, Mode mode, Instruction& out) const;

    // Keeps `in`, which decode() has just made of `bytes` in this mode, if its like can be made of another one's data.
    void keep(const std::uint8_t* bytes, Mode mode, const Instruction& in);

  private:
    static constexpr unsigned kBits = 11;
    static constexpr unsigned kEntries = 1u << kBits;
    static constexpr unsigned kMostOperands = 5;

    // Where an instruction has a number: its place in the bytes, 0 to 8 of them, and the operand that shows it.
    struct Number {
        std::uint8_t offset = 0, size = 0, operand = kNoOperand;
        bool is_signed = false;

        std::uint64_t read(const std::uint8_t* bytes) const;
    };

    struct Entry {
        std::uint64_t head = 0;
        std::uint8_t head_length = 0;  // 0: there is none here
        bool admitted = false;
        Mode mode{};
        Number displacement, immediate;
        InstructionTraits traits;
        ZydisDecodedInstruction info;
        ZydisDecodedOperand operands[kMostOperands];
    };

    static unsigned index_of(std::uint64_t head, Mode mode);
    static bool find_numbers(const Instruction& in, unsigned head_length, Entry& entry);

    std::vector<Entry> entries_;
};

}  // namespace hospes::translator
