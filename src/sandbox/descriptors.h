// Open descriptors are what a confined process still has of the outside.
#pragma once

#include <vector>

#include "base/result.h"

namespace hospes::sandbox {

// Closes all but `kept`: what the process was started with and nobody named is not for a guest to reach.
Result<void> close_all_but(std::vector<int> kept);

}  // namespace hospes::sandbox
