// A tiny VM that shows whether KVM works here. Made to be run in a child that may crash or hang: system calls and no
// memory allocation.
#pragma once

#include "engine/kvm/opened_device.h"

namespace hospes::kvm {

// Plain data: goes from the child to its parent through a pipe. The pointers are of the program's own texts.
struct SelfTestResult {
    OpenedDevice opened;           // what is wrong with the device, if something is
    const char* failed = nullptr;  // the step that failed; nullptr: all is well
    int error = 0;                 // its errno; 0 if it has none
};

// Opens the device, looks at the processor that it offers, makes a VM with 12 KiB of memory and one vCPU, runs six
// instructions in it, compares what they computed, stored and sent to a port.
SelfTestResult run_self_test(const char* device);

}  // namespace hospes::kvm
