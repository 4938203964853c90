// One event on its way through the IDT. Hot code.
#pragma once

#include "engine/translator/system/system.h"

namespace hospes::translator {

struct Event {
    std::uint8_t vector = 0;
    bool has_error_code = false;
    std::uint32_t error_code = 0;
    bool software = false;       // INT n, INT3, INTO: the gate's DPL counts
    std::uint32_t external = 1;  // EXT bit of faults met on the way: 0 for software interrupts
    std::uint64_t return_rip = 0;
    bool resume = false;  // RF in the pushed flags: faults are resumed
};

// Goes through the gate and stack switch. On a fault nothing has changed but accessed bits.
Checked<void> deliver_event(System& system, const Event& event);

}  // namespace hospes::translator
