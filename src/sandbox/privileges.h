// What a process may do beyond what any process may.
#pragma once

#include "base/result.h"

namespace hospes::sandbox {

// no_new_privs: no program that this process could start would have more rights than it has.
Result<void> forbid_new_privileges();

// Empties all five sets of this thread and of those that it will start. The bounding set, which matters at execve()
// only, needs CAP_SETPCAP to be emptied and stays as it is without.
Result<void> drop_capabilities();

// Other processes of this user may no longer trace it or read its memory, and it leaves no core dump.
Result<void> forbid_inspection();

}  // namespace hospes::sandbox
