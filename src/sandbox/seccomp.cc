#include "sandbox/seccomp.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace hospes::sandbox {

bool seccomp_supported() {
    const unsigned action = SECCOMP_RET_KILL_PROCESS;
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<void> restrict_calls(const std::vector<Rule>& rules) {
    std::vector<sock_filter> code = compile(rules);
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    const long done = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (done == 0) return {};
    return Error(done < 0 ? errno_text(errno) : "thread " + std::to_string(done) + " has a filter of its own");
}

}  // namespace hospes::sandbox
