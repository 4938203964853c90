// Runs one command in a VM of its own, on this process's standard input, output and error.
#pragma once

#include "base/result.h"
#include "run/outcome.h"
#include "run/plan.h"

namespace hospes::run {

// Blocks until the command has ended and its output is written. To be called while the process has one thread; takes
// over its signals for good. Nothing is left behind, however this process ends. Errors: the VM could not be started.
Result<Outcome> run(Plan plan);

}  // namespace hospes::run
