// Which MSRs a guest reaches in the processor. All others come to us.
#pragma once

#include "base/result.h"

namespace hospes::kvm {

// `speculation_control`: IA32_SPEC_CTRL and IA32_PRED_CMD are among those of the processor.
Result<void> filter_msrs(int vm, bool speculation_control);

}  // namespace hospes::kvm
