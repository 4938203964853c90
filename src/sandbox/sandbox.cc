#include "sandbox/sandbox.h"

#include <algorithm>

#include "sandbox/descriptors.h"
#include "sandbox/landlock.h"
#include "sandbox/limits.h"
#include "sandbox/privileges.h"
#include "sandbox/seccomp.h"
#include "sandbox/speculation.h"

namespace hospes::sandbox {

namespace {

Limits limits_of(const Policy& policy) {
    const auto highest = std::max_element(policy.descriptors.begin(), policy.descriptors.end());
    const unsigned open = highest == policy.descriptors.end() ? 0 : static_cast<unsigned>(*highest) + 1;
    return {open + policy.spare_descriptors, policy.largest};
}

}  // namespace

// Landlock and seccomp want no_new_privs; seccomp forbids what all the others do, and so comes last.
Lacks enter(const Policy& policy) {
    Lacks lacks;
    const auto note = [&lacks](const char* what, const Result<void>& done) {
        if (!done.ok()) lacks.push_back(what + done.error().message());
    };
    note("closing inherited descriptors: ", close_all_but(policy.descriptors));
    note("resource limits: ", set_limits(limits_of(policy)));
    note("no_new_privs: ", forbid_new_privileges());
    note("dropping capabilities: ", drop_capabilities());
    if (policy.deny_paths) note("Landlock: ", deny_files_and_network());
    note("control of speculation: ", restrict_speculation());
    if (!policy.inspectable) note("PR_SET_DUMPABLE: ", forbid_inspection());
    note("seccomp: ", restrict_calls(policy.calls));
    return lacks;
}

}  // namespace hospes::sandbox
