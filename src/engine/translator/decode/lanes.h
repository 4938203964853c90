// What of a vector's memory operand a mask register lets through (SDM volume 2, 2.7.4 and 2.8).
#pragma once

#include "engine/translator/decode/instruction.h"

namespace hospes::translator {

[[gnu::always_inline]] inline std::uint64_t low_bits(unsigned count) {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

struct Lanes {
    std::uint8_t mask = 0;         // k1 to k7; 0: the operand is accessed as a whole
    std::uint8_t element_log = 0;  // bytes of an element in memory, as a power of two
    std::uint8_t count_log = 0;    // how many bits of the mask count
    bool packed = false;           // as many elements are accessed as bits are set, whichever they are

    // A bit for each byte of an operand of `size` bytes that is accessed under `mask_value`. For hot code too.
    [[gnu::always_inline]] std::uint64_t bytes(unsigned size, std::uint64_t mask_value) const {
        unsigned count = 1u << count_log;
        std::uint64_t left = mask_value & low_bits(count);
        // A broadcast's element is accessed if any of its lanes wants it.
        while (count << element_log > size) {
            count /= 2;
            left = (left | left >> count) & low_bits(count);
        }
        std::uint64_t bytes = 0;
        for (unsigned next = 0; left != 0; left &= left - 1, ++next) {
            const unsigned element = packed ? next : static_cast<unsigned>(__builtin_ctzll(left));
            bytes |= low_bits(1u << element_log) << (element << element_log);
        }
        return bytes;
    }
};

// The lanes of an instruction with a memory operand.
Lanes lanes_of(const Instruction& in);

// Whether what the mask leaves out does not fault (exception types without "NF").
bool suppresses_faults(const ZydisDecodedInstruction& info);

}  // namespace hospes::translator
