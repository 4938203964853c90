// Runs one of the host's administration tools to its end.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hospes::run {

// Runs `name`, found in PATH or where only root looks, of the Debian package `package`, with `words`. It reads nothing,
// its output is dropped, and of this process's descriptors it gets `kept` only, under its own number. Error: it is not
// there or failed; with what it said on standard error.
Result<void> run_tool(const std::string& name, const std::string& package, int kept,
                      const std::vector<std::string>& words);

}  // namespace hospes::run
