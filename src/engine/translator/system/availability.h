// Whether the processor can run an instruction in its present state. Hot.
#pragma once

#include "engine/translator/system/system.h"

namespace hospes::translator {

// What an instruction raises before it does anything: it is none (#UD, #GP for its length), the CPU model lacks it, or
// CR0, CR4 and XCR0 switch its registers off (SDM volume 2, 2.4 and "Exceptions" of each; volume 3, 13.2 to 13.6).
Checked<void> check_available(System& system, const DecodedInstruction& in);

}  // namespace hospes::translator
