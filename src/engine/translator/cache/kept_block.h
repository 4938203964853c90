// A block on a page whose code has been rewritten before, with the bytes that it was made from: it comes back when they
// come back, and a constant in it that is patched is read from guest memory from then on, each time the code runs.
#pragma once

#include <cstdint>

#include "engine/translator/cache/block.h"

namespace hospes::translator {

struct KeptBlock {
    static constexpr unsigned kMostBytes = 48;
    static constexpr unsigned kEntryBytes = 5;  // that dropping a block overwrites

    Gpa gpa;
    Mode mode;
    std::uint8_t length;                        // of the guest bytes
    std::uint8_t constant_begin, constant_end;  // of them, those that the block reads when it runs
    BlockIndex block;                           // 0: none is kept here
    std::uint8_t bytes[kMostBytes];
    std::uint8_t entry[kEntryBytes];

    [[gnu::always_inline]] bool is_of(Gpa at, Mode wanted) const { return block != 0 && gpa == at && mode == wanted; }
    // Whether the block can run where guest memory holds `now`.
    [[gnu::always_inline]] bool fits(const std::uint8_t* now) const {
        for (unsigned i = 0; i < length; ++i) {
            if (now[i] != bytes[i] && (i < constant_begin || i >= constant_end)) return false;
        }
        return true;
    }
};

}  // namespace hospes::translator
