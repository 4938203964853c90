#include <linux/io_uring.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/result.h"
#include "base/unique_fd.h"
#include "doctor/checks/checks.h"
#include "doctor/commands.h"
#include "doctor/host_files.h"

namespace hospes::doctor {

Finding check_io_uring() {
    io_uring_params parameters{};
    const UniqueFd ring(static_cast<int>(::syscall(SYS_io_uring_setup, 4, &parameters)));
    if (ring.valid()) return {Topic::Storage, "io_uring.works", Severity::Ok, "io_uring works", "", ""};
    const int failure = errno;
    Finding finding{Topic::Storage,
                    "io_uring.unavailable",
                    Severity::Note,
                    "io_uring cannot be used (" + errno_text(failure) + ")",
                    "nothing yet: disks do without it until they can use it",
                    ""};
    const std::string setting = read_text("/proc/sys/kernel/io_uring_disabled").value_or("0");
    if (!setting.starts_with("0")) finding.mend = as_root("sysctl kernel.io_uring_disabled=0");
    return finding;
}

}  // namespace hospes::doctor
