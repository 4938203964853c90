#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor/checks/checks.h"
#include "doctor/commands.h"

namespace hospes::doctor {

Finding check_seccomp() {
    const unsigned action = SECCOMP_RET_KILL_PROCESS;
    if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) {
        return {Topic::Isolation, "seccomp.works", Severity::Ok, "seccomp filters work", "", ""};
    }
    return {Topic::Isolation,
            "seccomp.unavailable",
            Severity::Note,
            "this kernel has no seccomp filters, or forbids them",
            "nothing yet: the sandbox of the VM process is still to come, and will be weaker without",
            install("linux-image-amd64")};
}

}  // namespace hospes::doctor
