// What the string instructions share: how many elements can be done at once, and where they lie. Hot code.
#pragma once

#include "engine/translator/system/operands.h"

namespace hospes::translator {

// One execution of a string instruction.
struct StringRun {
    std::uint64_t left = 1;   // iterations still to do
    std::uint64_t most = 1;   // of them in one go
    unsigned shift = 0;       // log2 of the element size
    unsigned width = 8;       // of RCX, RSI and RDI, in bytes
    std::uint8_t repeat = 0;  // the REP prefix that counts, 0 without
    bool down = false;
    x86::SegmentRegister source = x86::DS;
    AccessClass access_class = AccessClass::User;

    [[gnu::always_inline]] unsigned size() const { return 1u << shift; }
    // From the first element of `count` to the lowest in memory.
    [[gnu::always_inline]] std::uint64_t back(std::uint64_t count) const { return down ? (count - 1) << shift : 0; }
};

// MOVSD and CMPSD are also names of SSE2 instructions, which come here where the guest has turned SSE off.
Checked<void> check_string(const GuestState& state, const DecodedInstruction& in);

StringRun begin_string(const GuestState& state, const DecodedInstruction& in);

// The next elements of one side.
struct StringPlace {
    Gva first = 0;
    std::uint64_t count = 0;  // that lie in one page, at most run.most and run.left; 0: the first crosses pages
};
Checked<StringPlace> locate(const GuestState& state, const StringRun& run, x86::SegmentRegister segment,
                            std::uint64_t offset, Intent intent);

// Host address of the first of `count` elements in one page; nullptr for device memory.
Checked<std::byte*> map_string(System& system, const StringRun& run, Gva first, std::uint64_t count, Access access);

// RSI or RDI after `count` iterations; and RCX.
[[gnu::always_inline]] inline void step_index(GuestState& state, const StringRun& run, unsigned index,
                                              std::uint64_t count) {
    const std::uint64_t distance = count << run.shift;
    set_gpr(state, index, run.down ? state.gpr[index] - distance : state.gpr[index] + distance, run.width);
}
[[gnu::always_inline]] inline void step_count(GuestState& state, StringRun& run, std::uint64_t count) {
    run.left -= count;
    if (run.repeat != 0) set_gpr(state, x86::RCX, run.left, run.width);
}

// Between two iterations: whether to let interrupts or the single-step trap in.
[[gnu::always_inline]] inline bool pauses(GuestState& state, const StringRun& run) {
    if (run.left == 0) return false;
    const bool traced = (state.rflags & x86::rflags::TF) != 0;
    if (!traced && state.attention.load(std::memory_order_relaxed) == 0) return false;
    // What comes between two iterations pushes RF set: the breakpoint of the instruction was before the first.
    state.rflags |= x86::rflags::RF;
    return true;
}

}  // namespace hospes::translator
