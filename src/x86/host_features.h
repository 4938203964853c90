// What the processor under us can execute, asked with CPUID.
#pragma once

#include "x86/cpuid_model.h"

namespace hospes::x86 {

// Whether the host executes the instructions of `feature`, with XCR0 allowing their registers.
// For features that are only about system state (SMEP, PCID ...) the answer is of no interest to us, and false.
bool host_executes(Feature feature);

// The feature's usual name.
const char* feature_name(Feature feature);

}  // namespace hospes::x86
