// The modules that our init loads before it has any disk.
#pragma once

#include <string>

#include "base/result.h"

namespace hospes::image {

// A cpio archive with lib/modules/NAME.ko for each module that leads to the disks and their file systems, and
// lib/modules/order, which names the files in load order. `modules` is a folder like /lib/modules/RELEASE, indexed by
// depmod, nothing in it compressed.
Result<std::string> boot_modules_archive(const std::string& modules);

}  // namespace hospes::image
