// The engines under test.
#pragma once

#include <memory>
#include <vector>

#include "executor.h"
#include "options.h"

namespace hospes::oracle {

// One executor for each way of cutting and linking blocks; a second native child with --self.
// Errors: this build has no engine, or the engine refuses.
Result<std::vector<std::unique_ptr<Executor>>> create_subjects(const Options& options);

}  // namespace hospes::oracle
