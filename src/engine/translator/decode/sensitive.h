// Instructions of the guest that must not run on the host as they are.
#pragma once

#include <Zydis/Zydis.h>

namespace hospes::translator {

// Whether `info` reads or writes what is not the guest's, or accesses memory in ways that the probes do not cover.
// Instructions that name segment, control or debug registers are the caller's to find.
bool is_sensitive(const ZydisDecodedInstruction& info);

}  // namespace hospes::translator
