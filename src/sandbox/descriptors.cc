#include "sandbox/descriptors.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace hospes::sandbox {

namespace {

bool close_range(unsigned first, unsigned last) {
    return first > last || ::syscall(SYS_close_range, first, last, 0) == 0;
}

}  // namespace

Result<void> close_all_but(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned next = 0;
    for (const int fd : kept) {
        const auto number = static_cast<unsigned>(fd);
        if (number > next && !close_range(next, number - 1)) return Error(errno_text(errno));
        next = number + 1;
    }
    if (!close_range(next, std::numeric_limits<unsigned>::max())) return Error(errno_text(errno));
    return {};
}

}  // namespace hospes::sandbox
