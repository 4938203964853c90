// --stream and --replay.
#pragma once

#include "options.h"
#include "session.h"

namespace hospes::oracle {

// Streams by seed until the time is over. True: no mismatch.
Result<bool> run_streams(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects);

// The regression files. True: no mismatch.
Result<bool> replay_regressions(const Options& options, NativeExecutor& native, const std::vector<Executor*>& subjects);

}  // namespace hospes::oracle
