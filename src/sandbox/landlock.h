// Landlock: the kernel's access control that a process sets up for itself. Without a rule, all that it handles is
// denied. What is open stays open.
#pragma once

#include <string>

#include "base/result.h"

namespace hospes::sandbox {

struct LandlockSupport {
    enum class State : unsigned char { Works, SwitchedOff, Absent, Forbidden };

    State state = State::Absent;
    int version = 0;  // of the interface, if it works

    // "it is switched off: ..."; what was found, as the end of a sentence.
    std::string text() const;
};

LandlockSupport landlock_support();

// Denies this thread, and those that it will start, every file by its path, TCP (since version 4), and abstract sockets
// and signals to processes outside (since version 6). Wants no_new_privs. Errors: Landlock does not work here.
Result<void> deny_files_and_network();

}  // namespace hospes::sandbox
