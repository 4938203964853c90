// The kernel modules that lie in the initrd: what it takes to reach the disks and the host.
#pragma once

#include "base/result.h"

namespace hospes::guest {

// Loads what /lib/modules/order lists, in that order: one path below /lib/modules a line.
Result<void> load_modules();

}  // namespace hospes::guest
