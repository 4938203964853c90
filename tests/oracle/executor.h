// Whoever can run a batch: the host CPU, or an engine.
#pragma once

#include "base/result.h"
#include "case.h"

namespace hospes::oracle {

class Executor {
  public:
    virtual ~Executor() = default;

    // Runs all cases of `batch` in order; writes outcomes[0 .. batch.count). Errors: it hung, died or refused, with the
    // number of the case; the outcomes of the cases before it are there.
    virtual Result<void> run(const Batch& batch, Outcome* outcomes) = 0;

    virtual const char* name() const = 0;

    // After the last batch. Error: what was to be proven beside the outcomes does not hold.
    virtual Result<void> finish() { return {}; }
};

}  // namespace hospes::oracle
