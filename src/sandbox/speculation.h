// The processor's speculation, as far as the kernel lets a process restrict it for itself (spec_ctrl in the kernel's
// documentation).
#pragma once

#include <string>

#include "base/result.h"

namespace hospes::sandbox {

struct SpeculationSupport {
    // Each: the processor is not affected, or it is restricted for all, or a process can restrict it.
    bool store_bypass = false;
    bool indirect_branches = false;

    bool complete() const { return store_bypass && indirect_branches; }
    // What the host has no control of: "indirect branches".
    std::string lacking() const;
};

SpeculationSupport speculation_support();

// Forbids this thread, and those that it will start, to speculate past stores and on indirect branches that others
// trained, for good, where the host has control of that. Errors: it has, but refuses.
Result<void> restrict_speculation();

}  // namespace hospes::sandbox
