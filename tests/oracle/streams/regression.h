// Files that keep an experiment for ever, as text.
#pragma once

#include <string>

#include "base/result.h"
#include "forms/experiment.h"

namespace hospes::oracle {

struct Regression {
    Experiment experiment;
    std::uint64_t image_seed = 0;  // of the memory image that it ran in
};

// `comment` may have several lines. Errors: cannot write.
Result<void> save_regression(const std::string& path, const Regression& regression, const std::string& comment);

// Errors: cannot read, a line that means nothing.
Result<Regression> load_regression(const std::string& path);

}  // namespace hospes::oracle
