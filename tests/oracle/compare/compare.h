// Whether two outcomes of one experiment are the same, as far as the architecture says they must be.
#pragma once

#include <string>
#include <vector>

#include "forms/experiment.h"

namespace hospes::oracle {

// What the outcomes differ in, one line each: "rax: expected 1, got 2". Empty: they agree.
std::vector<std::string> differences(const Experiment& experiment, const Outcome& expected, const Outcome& got);

// Everything needed to understand and repeat a mismatch: listing, initial state, differences.
std::string describe_mismatch(const Experiment& experiment, const std::vector<std::string>& differences);

}  // namespace hospes::oracle
