// Keeps two VMs from writing to one disk image.
#pragma once

#include <string>

#include "base/result.h"

namespace hospes::block {

enum class LockKind { Shared, Exclusive };

// Takes an open-file-description lock on the whole file behind `fd` for as long as that description is open; it
// conflicts with other processes and with other handles in this one. Does not wait. `path` is for the error text.
Result<void> lock_file(int fd, LockKind kind, const std::string& path);

}  // namespace hospes::block
