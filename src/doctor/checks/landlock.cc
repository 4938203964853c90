#include "sandbox/landlock.h"

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
    using State = sandbox::LandlockSupport::State;
    const sandbox::LandlockSupport support = sandbox::landlock_support();
    if (support.state == State::Works) {
        return {Topic::Isolation, "landlock.works", Severity::Ok, "Landlock: " + support.text(), "", ""};
    }
    Finding finding{Topic::Isolation,
                    "landlock.unavailable",
                    Severity::Note,
                    "Landlock: " + support.text(),
                    "only seccomp keeps a VM process that its guest has taken over from the files of its user",
                    ""};
    if (support.state == State::SwitchedOff) finding.mend = switch_on();
    if (support.state == State::Absent) finding.mend = install("linux-image-amd64");
    return finding;
}

}  // namespace hospes::doctor
