#include <unistd.h>

#include <algorithm>

#include "doctor/checks/checks.h"
#include "doctor/commands.h"
#include "doctor/host_files.h"
#include "doctor/system_files.h"

namespace hospes::doctor {

Finding check_subordinate_ids() {
    constexpr std::uint64_t kNeeded = 65536;
    if (::geteuid() == 0) {
        return {Topic::Isolation, "subids.not-needed", Severity::Ok, "root needs no subordinate ids", "", ""};
    }
    const std::string name = user_name();
    const std::string number = std::to_string(::geteuid());
    std::uint64_t count = UINT64_MAX;
    for (const char* path : {"/etc/subuid", "/etc/subgid"}) {
        count = std::min(count, subordinate_ids(read_text(path).value_or(""), name, number));
    }
    if (count >= kNeeded) {
        return {Topic::Isolation, "subids.work", Severity::Ok, name + " has subordinate ids", "", ""};
    }
    return {Topic::Isolation,
            "subids.absent",
            Severity::Warning,
            name + " has no 65536 ids in both of /etc/subuid and /etc/subgid",
            "Debian images are built inside a VM, which takes minutes longer",
            as_root("usermod --add-subuids 100000-165535 --add-subgids 100000-165535 " + name)};
}

}  // namespace hospes::doctor
