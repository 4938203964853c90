// Makes a stream that comes out wrong as short as it gets.
#pragma once

#include "session.h"
#include "streams/regression.h"
#include "streams/stream.h"

namespace hospes::oracle {

// Runs one experiment on all sides. What differs, with the name of the engine in front; empty: nothing.
Result<std::vector<std::string>> try_regression(NativeExecutor& native, const std::vector<Executor*>& subjects,
                                                const Regression& regression);

// Leaves out units of `stream` for as long as the difference stays. Errors: a side failed to run.
Result<Regression> minimise(NativeExecutor& native, const std::vector<Executor*>& subjects, const Stream& stream,
                            std::uint64_t address, std::uint64_t image_seed);

}  // namespace hospes::oracle
