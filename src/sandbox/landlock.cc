#include "sandbox/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/unique_fd.h"

namespace hospes::sandbox {

namespace {

// <linux/landlock.h> as of Linux 6.12: that of the build's host may be older than the kernel that runs.
struct RulesetAttributes {
    std::uint64_t files = 0, network = 0, scopes = 0;
};
constexpr unsigned kAskVersion = 1;
constexpr std::uint64_t kFilesVersion1 = (1u << 13) - 1;  // from EXECUTE to MAKE_SYM
constexpr std::uint64_t kRefer = 1u << 13, kTruncate = 1u << 14, kDeviceIoctl = 1u << 15;
constexpr std::uint64_t kBindAndConnectTcp = 3, kAbstractSocketsAndSignals = 3;

// All that this version can deny: an older kernel refuses what it does not know.
RulesetAttributes everything(int version) {
    RulesetAttributes all;
    all.files = kFilesVersion1;
    if (version >= 2) all.files |= kRefer;
    if (version >= 3) all.files |= kTruncate;
    if (version >= 4) all.network = kBindAndConnectTcp;
    if (version >= 5) all.files |= kDeviceIoctl;
    if (version >= 6) all.scopes = kAbstractSocketsAndSignals;
    return all;
}

}  // namespace

std::string LandlockSupport::text() const {
    switch (state) {
        case State::Works: return "it works, version " + std::to_string(version);
        case State::SwitchedOff: return "it is switched off: the kernel's option lsm= lacks it";
        case State::Absent: return "this kernel has none";
        case State::Forbidden: break;
    }
    return "it is forbidden here, as some containers do";
}

LandlockSupport landlock_support() {
    using State = LandlockSupport::State;
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
    if (version > 0) return {State::Works, static_cast<int>(version)};
    if (errno == EOPNOTSUPP) return {State::SwitchedOff};
    return {errno == ENOSYS ? State::Absent : State::Forbidden};
}

Result<void> deny_files_and_network() {
    const LandlockSupport support = landlock_support();
    if (support.state != LandlockSupport::State::Works) return Error(support.text());
    const RulesetAttributes all = everything(support.version);
    const UniqueFd rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0)));
    if (!rules.valid() || ::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) return Error(errno_text(errno));
    return {};
}

}  // namespace hospes::sandbox
