// The command's file system: the image, with a layer above it that takes all changes
// (docs/decisions/0005-process-vms.md).
#pragma once

#include "base/result.h"
#include "guest/init/uevents.h"

namespace hospes::guest {

// What the init itself needs to see devices: /proc, /sys and /dev of the initrd.
Result<void> mount_for_init();

// Mounts image and layer, makes them the root in place of the initrd, whose memory is given back, and mounts in it what
// a Linux program expects.
Result<void> enter_root(const Uevents& uevents);

}  // namespace hospes::guest
