// The signal that gets a thread out of KVM_RUN.
#pragma once

#include <csignal>

#include "base/result.h"

namespace hospes::kvm {

inline int kick_signal() { return SIGRTMIN; }

// Gives it a handler that does nothing: without one it would end the process. Once or often.
Result<void> install_kick_handler();

// Lets it through to the calling thread.
void unblock_kick();

}  // namespace hospes::kvm
