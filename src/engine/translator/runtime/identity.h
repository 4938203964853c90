// What translations depend on besides the guest's bytes: two engines of one identity make the same of them.
#pragma once

#include <string>

#include "engine/translator/engine.h"

namespace hospes::translator {

// Empty: this program does not tell which build it is.
std::string identity_of(const EngineOptions& options, const x86::CpuidModel& model);

}  // namespace hospes::translator
