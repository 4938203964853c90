// Loops that are one block: the body several times in a row, with one probe for all that it accesses through pointers
// that advance by a constant.
#pragma once

#include <array>
#include <cstdint>

#include "engine/translator/emit/host_registers.h"

namespace hospes::translator {

inline constexpr std::int64_t kMaxWindow = 256;  // bytes: a wider one would too often run over a page's end
inline constexpr unsigned kMostUnrolled = 96;    // instructions in all copies of a body
inline constexpr unsigned kWindows = 8;          // of GuestState::windows

// The bytes that some of a loop's accesses stay in: from [base + index << scale + low] on, with the registers as they
// are before the first copy of the body.
struct LoopWindow {
    static constexpr unsigned kNone = 0xff;
    static constexpr unsigned kPageBase = 0xfe;  // the operand is relative to RIP, and `low` to the code page

    std::uint8_t base = kNone, index = kNone;  // guest registers, or one of the above
    std::uint8_t scale = 0;
    bool write = false;
    std::int32_t low = 0;
    std::uint32_t span = 0;
    std::uint8_t slot = 0;  // of GuestState::windows
    // Scratch register that holds the window's host address all the time, or kNoReg: it is loaded for each access.
    HostReg home = kNoReg;
};

struct Loop {
    unsigned length = 0;  // instructions of the body; 0: the block is not such a loop
    unsigned copies = 0;
    unsigned window_count = 0;
    unsigned guess_count = 0;  // accesses whose addend is guessed: they own the slots below the windows'
    std::array<LoopWindow, kWindows> windows{};

    unsigned slots() const { return window_count + guess_count; }
    const LoopWindow& window_in(unsigned slot) const { return windows[kWindows - 1 - slot]; }
};

}  // namespace hospes::translator
