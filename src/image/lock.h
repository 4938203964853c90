// Locks between processes (flock): held as long as the descriptor, or a copy of it in a child, is open.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::image {

enum class LockKind { Shared, Exclusive };

// Opens the lock file `path`, made if it is not there, and waits for the lock.
Result<UniqueFd> lock(const std::string& path, LockKind kind);

// The same without waiting: nullopt if someone else is in the way.
Result<std::optional<UniqueFd>> try_lock(const std::string& path, LockKind kind);

// Locks what `fd` has open, without waiting: whether that worked.
bool try_lock_open(int fd, LockKind kind);

}  // namespace hospes::image
