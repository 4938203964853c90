// Parts of the architecture that the translator does not have yet. A guest that needs one meets an exception there, and
// the log says which part it was.
#pragma once

#include "engine/translator/system/system.h"

namespace hospes::translator {

enum class Missing : std::uint8_t { TaskGate, TaskTransfer, TaskReturn, Virtual8086 };

// The fault that the guest gets: `instead`. Says what is missing in one line of the log, once for each in the life of
// the process; the same words are the diagnosis of a triple fault that may follow. Gives kRedoCold while vectors_live:
// call it before any side effect.
GuestFault not_there(System& system, Missing what, const GuestFault& instead);

}  // namespace hospes::translator
