// The userland of `micro`: busybox.
#pragma once

#include <string>

#include "base/result.h"

namespace hospes::image {

// Makes the file system `output` of Debian's package `deb` (busybox-static), working in `folder`, which must not exist.
Result<void> make_micro(const std::string& deb, const std::string& folder, const std::string& output);

}  // namespace hospes::image
