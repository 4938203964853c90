#include "sandbox/seccomp.h"

#include "doctor/checks/checks.h"
#include "doctor/commands.h"

namespace hospes::doctor {

Finding check_seccomp() {
    if (sandbox::seccomp_supported()) {
        return {Topic::Isolation, "seccomp.works", Severity::Ok, "seccomp filters work", "", ""};
    }
    return {Topic::Isolation,
            "seccomp.unavailable",
            Severity::Note,
            "this kernel has no seccomp filters, or forbids them",
            "a VM process that its guest has taken over can make any system call",
            install("linux-image-amd64")};
}

}  // namespace hospes::doctor
