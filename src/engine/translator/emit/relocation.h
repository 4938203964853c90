// What of a block's host code changes with where it lies and what else the code cache holds.
#pragma once

#include <cstdint>
#include <vector>

namespace hospes::translator {

struct Relocation {
    enum class Kind : std::uint8_t {
        ToHot,   // rel32 from the cold part to the hot one
        ToCold,  // rel32 from the hot part to the cold one
        ToThunk,
        Exit,    // imm32: index of an exit of the block
        System,  // imm64: index of a stored instruction in its high half, the instruction's offset in its low half
    };

    std::uint16_t at;  // as CodePoint::host
    Kind kind;
    std::uint8_t zero = 0;  // it is written to files as it is
};

// Where a rel32 lies, and where it leads. Both in the writable mapping.
struct Distance {
    std::uint8_t* at;
    const std::uint8_t* to;
};
using Distances = std::vector<Distance>;

}  // namespace hospes::translator
