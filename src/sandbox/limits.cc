#include "sandbox/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace hospes::sandbox {

namespace {

// Never above what it was: raising is not ours to do, and may be forbidden.
bool lower(__rlimit_resource_t resource, std::uint64_t most) {
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) return false;
    limit.rlim_cur = limit.rlim_max = std::min<rlim_t>(most, limit.rlim_max);
    return ::setrlimit(resource, &limit) == 0;
}

}  // namespace

Result<void> set_limits(const Limits& limits) {
    bool done = lower(RLIMIT_CORE, 0) && lower(RLIMIT_MEMLOCK, 0) && lower(RLIMIT_NOFILE, limits.open_files);
    if (limits.file_bytes) done = done && lower(RLIMIT_FSIZE, *limits.file_bytes);
    if (!done) return Error(errno_text(errno));
    return {};
}

}  // namespace hospes::sandbox
