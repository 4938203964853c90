// For tests: what cannot be taken back is done in a child process.
#pragma once

#include <functional>

namespace hospes::sandbox {

// The wait status of a child that ran `act` and ended with what it gave, unless something else ended it first.
int in_child(const std::function<int()>& act);
// Whether it ended by SIGSYS: seccomp's answer.
bool killed(int wait_status);
// Whether it ended by itself, with status 0.
bool fine(int wait_status);

}  // namespace hospes::sandbox
