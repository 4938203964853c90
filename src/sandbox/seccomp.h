// seccomp: the kernel runs a BPF program before each system call of the process.
#pragma once

#include <vector>

#include "base/result.h"
#include "sandbox/call_filter.h"

namespace hospes::sandbox {

// Whether this kernel has filters, and lets this process have one.
bool seccomp_supported();

// From here on, all threads of the process make their system calls by these rules. Wants no_new_privs. Errors: the
// kernel has none, a container's filter forbids it.
Result<void> restrict_calls(const std::vector<Rule>& rules);

}  // namespace hospes::sandbox
