// What RET far and IRET share: the return to a code segment of the same or an outer privilege level. Hot code.
#pragma once

#include "engine/translator/system/descriptors.h"

namespace hospes::translator {

// A code segment to return to, checked (SDM volume 2, RET and IRET, "Operation").
struct ReturnTarget {
    Descriptor code;
    std::uint64_t rip = 0;
    unsigned cpl = 0;
    bool long_code = false;
};
Checked<ReturnTarget> check_return(System& system, std::uint16_t selector, std::uint64_t rip);

// The stack segment that goes with it; a null one is allowed where 64-bit code above CPL 3 may have it.
struct ReturnStack {
    bool null = false;
    std::uint16_t selector = 0;
    Descriptor descriptor;
};
Checked<ReturnStack> check_return_stack(System& system, std::uint16_t selector, const ReturnTarget& target);

// No faults from here on.
void commit_return(GuestState& state, const ReturnTarget& target);
void commit_return_stack(GuestState& state, const ReturnStack& stack, std::uint64_t pointer);

}  // namespace hospes::translator
