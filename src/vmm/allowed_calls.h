// The system calls of a VM process, from the building of its machine to its end.
#pragma once

#include <vector>

#include "machine/board/machine.h"
#include "sandbox/call_filter.h"

namespace hospes::vmm {

// What a process with this engine makes; none of them opens a file by its name, reaches a network or another process,
// starts a program, or makes memory executable.
std::vector<sandbox::Rule> allowed_calls(machine::EngineKind engine, bool debugger = false);

// A build with sanitizers: their library makes more calls, and opens files of /proc.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace hospes::vmm
