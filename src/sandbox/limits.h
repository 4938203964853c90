// Resource limits, soft and hard: what the process cannot take however it is misused.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace hospes::sandbox {

struct Limits {
    std::uint64_t open_files = 0;             // one more than the highest descriptor that may ever be open
    std::optional<std::uint64_t> file_bytes;  // no file grows beyond; nullopt: as it was
};

// And none for core dumps and locked memory. The number of threads is not among them: its limit counts all of the
// user's, in every process; that there are no new processes is for the filter of system calls.
Result<void> set_limits(const Limits& limits);

}  // namespace hospes::sandbox
