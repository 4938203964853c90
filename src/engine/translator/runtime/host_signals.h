// Host signals that translated code raises on the guest's behalf: #DE, #GP of misaligned vectors, #MF, #XM.
#pragma once

#include "base/result.h"

namespace hospes::translator {

class TranslatorVcpu;

// Installs the process's handlers, once. Signals that no vCPU answers for go on to what was there before.
Result<void> install_signal_handlers();

// Names the vCPU whose translated code this thread runs; nullptr: none.
void set_current_vcpu(TranslatorVcpu* vcpu);

}  // namespace hospes::translator
