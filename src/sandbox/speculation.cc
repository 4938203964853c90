#include "sandbox/speculation.h"

#include <linux/prctl.h>
#include <sys/prctl.h>

#include <cerrno>

namespace hospes::sandbox {

namespace {

constexpr unsigned long kKinds[] = {PR_SPEC_STORE_BYPASS, PR_SPEC_INDIRECT_BRANCH};

bool is_under_control(unsigned long kind) {
    const int state = ::prctl(PR_GET_SPECULATION_CTRL, kind, 0ul, 0ul, 0ul);
    const int restricted = static_cast<int>(PR_SPEC_PRCTL | PR_SPEC_DISABLE | PR_SPEC_FORCE_DISABLE);
    return state == PR_SPEC_NOT_AFFECTED || (state > 0 && (state & restricted) != 0);
}

}  // namespace

std::string SpeculationSupport::lacking() const {
    std::string first = store_bypass ? "" : "store bypass";
    if (indirect_branches) return first;
    return first + (first.empty() ? "" : " and ") + "indirect branches";
}

SpeculationSupport speculation_support() { return {is_under_control(kKinds[0]), is_under_control(kKinds[1])}; }

Result<void> restrict_speculation() {
    for (const unsigned long kind : kKinds) {
        const int state = ::prctl(PR_GET_SPECULATION_CTRL, kind, 0ul, 0ul, 0ul);
        const bool ours = state > 0 && (state & static_cast<int>(PR_SPEC_PRCTL)) != 0;
        if (!ours) continue;
        if (::prctl(PR_SET_SPECULATION_CTRL, kind, PR_SPEC_FORCE_DISABLE, 0ul, 0ul) != 0) {
            return Error(errno_text(errno));
        }
    }
    return {};
}

}  // namespace hospes::sandbox
