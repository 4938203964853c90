// What a debugger asks of a vCPU, and what a vCPU tells it. None of it is visible to the guest.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"

namespace hospes::cpu {

// A watchpoint: accesses to any of [address, address + size).
struct DataBreakpoint {
    Gva address = 0;
    std::uint64_t size = 1;
    bool on_read = false;
    bool on_write = false;

    bool operator==(const DataBreakpoint&) const = default;
};

// Good from the next run() on. All addresses are linear ones.
struct DebugRequest {
    std::vector<Gva> code;             // run() comes back before the instruction there executes
    std::vector<DataBreakpoint> data;  // run() comes back after the instruction that made the access
    // run() comes back after one instruction, or before the first one of a handler that it led to. No interrupt is
    // taken meanwhile; breakpoints in `code` do not count.
    bool step = false;
};

enum class DebugEvent : std::uint8_t { Step, Code, Data };

// Why run() came back with ExitReason::Debug.
struct DebugStop {
    DebugEvent event = DebugEvent::Step;
    DataBreakpoint data{};  // of Data: which one
};

}  // namespace hospes::cpu
