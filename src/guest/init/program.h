// The last step of a command's start: this process becomes it.
#pragma once

#include <string>
#include <vector>

#include "api/session/messages.h"

namespace hospes::guest {

// Replaces this process by the command `words`, looked up in PATH of `environment` unless it has a slash. A script
// without an interpreter's line is run by /bin/sh, as a shell would. Comes back only if that cannot be: not found, or
// found and not executable.
api::session::Failed become(const std::vector<std::string>& words, const std::vector<std::string>& environment);

}  // namespace hospes::guest
