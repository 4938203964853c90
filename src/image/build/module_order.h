// Which kernel modules must be loaded before which: modules.dep, as depmod writes it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hospes::image {

// The paths (as `dep`, the text of modules.dep, has them) of the modules of those names and of all that they depend on,
// in an order in which each can be loaded. Names are as lsmod shows them: "virtio_blk". A name that `builtin`, the text
// of modules.builtin, holds needs no loading. Error: a name that neither has.
Result<std::vector<std::string>> module_order(std::string_view dep, std::string_view builtin,
                                              const std::vector<std::string>& names);

}  // namespace hospes::image
