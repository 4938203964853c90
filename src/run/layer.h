// The throw-away disk that takes what the guest writes.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::run {

// A sparse file of `bytes` without a name, in `folder` (which is made, for this user only), holding an empty ext4
// without journal. Its space is given back when the last descriptor is closed.
Result<UniqueFd> make_layer(const std::string& folder, std::uint64_t bytes);

}  // namespace hospes::run
