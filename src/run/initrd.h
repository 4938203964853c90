// What the guest's kernel unpacks first: our init, and the modules that it needs to reach its disks.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::run {

// A sealed file in memory: the init that is part of this program, then the archive of `boot_modules` (newc), which is
// `bytes` long.
Result<UniqueFd> make_initrd(int boot_modules, std::uint64_t bytes);

}  // namespace hospes::run
