#include "sandbox/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hospes::sandbox {

namespace {

Result<void> outcome(int result) {
    if (result == 0) return {};
    return Error(errno_text(errno));
}

// Up to the first number that this kernel does not know, or that may not be dropped.
void empty_bounding_set() {
    for (unsigned long capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) continue;
}

}  // namespace

Result<void> forbid_new_privileges() { return outcome(::prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul)); }

Result<void> drop_capabilities() {
    empty_bounding_set();
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // emptying the permitted set does it, too
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    return outcome(static_cast<int>(::syscall(SYS_capset, &header, none.data())));
}

Result<void> forbid_inspection() { return outcome(::prctl(PR_SET_DUMPABLE, 0ul, 0ul, 0ul, 0ul)); }

}  // namespace hospes::sandbox
