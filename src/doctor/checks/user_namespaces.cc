#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/result.h"
#include "doctor/checks/checks.h"
#include "doctor/commands.h"
#include "doctor/host_files.h"

namespace hospes::doctor {

namespace {

// 0, or the errno of what does not work in a child: a user namespace, and a mount in it, which some systems refuse to
// namespaces that they let be made.
int try_one() {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(errno);
        ::_exit(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 ? 0 : errno);
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (child < 0) return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

bool is_zero(const std::string& setting) {
    std::string text = read_text("/proc/sys/" + setting).value_or("");
    std::string_view left = text;
    return number_of(next_word(left)) == 0;
}

// The setting that stands in the way: what to give to sysctl. "" if it is none that we know.
std::string needed_setting() {
    if (is_zero("user/max_user_namespaces")) return "user.max_user_namespaces=15000";
    if (is_zero("kernel/unprivileged_userns_clone")) return "kernel.unprivileged_userns_clone=1";
    const auto restricted = read_text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    return restricted && restricted->starts_with("1") ? "kernel.apparmor_restrict_unprivileged_userns=0" : "";
}

}  // namespace

Finding check_user_namespaces() {
    const int failure = try_one();
    if (failure == 0) return {Topic::Isolation, "userns.works", Severity::Ok, "user namespaces work", "", ""};
    Finding finding{Topic::Isolation,
                    "userns.unavailable",
                    Severity::Warning,
                    "user namespaces cannot be made here (" + errno_text(failure) + ")",
                    "Debian images are built inside a VM, which takes minutes longer",
                    ""};
    const std::string setting = needed_setting();
    if (!setting.empty()) finding.mend = as_root("sysctl " + setting);
    if (setting.empty()) finding.cost += "; a container that this runs in may forbid them";
    if (::geteuid() == 0) {
        finding.severity = Severity::Note;
        finding.cost = "nothing if root may mount file systems here: root builds images without them";
    }
    return finding;
}

}  // namespace hospes::doctor
