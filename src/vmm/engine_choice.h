// From --engine to the engine that is used.
#pragma once

#include "base/result.h"
#include "machine/board/machine.h"
#include "vmm/options.h"

namespace hospes::vmm {

// Tries KVM if it may be used. For Auto, says in one line on standard error which engine it is and why. Errors: KVM is
// wished for and does not work. To be called while the process has one thread only.
Result<machine::EngineKind> choose_engine(EngineWish wish);

}  // namespace hospes::vmm
