#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "doctor/checks/checks.h"
#include "doctor/commands.h"
#include "doctor/host_files.h"

namespace hospes::doctor {

namespace {

// Adds it to the modules that the kernel starts with, by a file of its own; works from the next start on.
std::string switch_on() {
    const std::string text = read_text("/sys/kernel/security/lsm").value_or("");
    std::string_view left = text;
    const std::string modules = "lsm=landlock," + std::string(next_word(left));
    return write_as_root("'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX " + modules + "\"'",
                         "/etc/default/grub.d/landlock.cfg") +
           " && " + as_root("update-grub");
}

}  // namespace

Finding check_landlock() {
    constexpr unsigned kAskVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
    if (version > 0) {
        return {Topic::Isolation,
                "landlock.works",
                Severity::Ok,
                "Landlock works, version " + std::to_string(version),
                "",
                ""};
    }
    Finding finding{Topic::Isolation,
                    "landlock.unavailable",
                    Severity::Note,
                    "this kernel has no Landlock",
                    "nothing yet: the sandbox of the VM process is still to come, and will be weaker without",
                    ""};
    if (errno == EOPNOTSUPP) {
        finding.summary = "Landlock is switched off: the kernel's option lsm= lacks it";
        finding.mend = switch_on();
    } else if (errno == ENOSYS) {
        finding.mend = install("linux-image-amd64");
    } else {
        finding.summary = "Landlock is forbidden here, as some containers do";
    }
    return finding;
}

}  // namespace hospes::doctor
