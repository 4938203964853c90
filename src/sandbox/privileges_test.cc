#include "sandbox/privileges.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "sandbox/in_child.h"
#include "sandbox/limits.h"

namespace hospes::sandbox {
namespace {

// The value of a line of /proc/self/status.
std::string status_of_self(const std::string& key) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
    }
    return "absent";
}

TEST(Privileges, NoNewOnes) {
    EXPECT_TRUE(
        fine(in_child([] { return forbid_new_privileges().ok() && status_of_self("NoNewPrivs") == "1" ? 0 : 1; })));
}

TEST(Privileges, NoCapabilities) {
    EXPECT_TRUE(fine(in_child([] {
        const bool root = ::prctl(PR_CAPBSET_DROP, 0ul, 0ul, 0ul, 0ul) == 0;
        if (!drop_capabilities().ok()) return 1;
        for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"}) {
            if (!root && set == std::string("CapBnd")) continue;
            if (status_of_self(set) != "0000000000000000") return 2;
        }
        return 0;
    })));
}

// Judged as an ordinary user, as whom root would not see it.
TEST(Privileges, OthersCannotTraceIt) {
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t hidden = ::fork();
    if (hidden == 0) {
        const bool hid = drop_capabilities().ok() && forbid_inspection().ok();
        if (::write(ready[1], &hid, 1) == 1) ::pause();
        ::_exit(1);
    }
    bool hid = false;
    ASSERT_EQ(::read(ready[0], &hid, 1), 1);
    EXPECT_TRUE(hid);
    EXPECT_TRUE(fine(in_child([hidden] {
        if (!drop_capabilities().ok()) return 1;
        return ::ptrace(PTRACE_ATTACH, hidden, nullptr, nullptr) == -1 ? 0 : 2;
    })));
    ::kill(hidden, SIGKILL);
    ::waitpid(hidden, nullptr, 0);
    for (const int end : ready) ::close(end);
}

TEST(Limits, AreSetForGood) {
    EXPECT_TRUE(fine(in_child([] {
        if (!drop_capabilities().ok() || !set_limits({20, 4096}).ok()) return 1;
        for (const auto [resource, most] : {std::pair{RLIMIT_NOFILE, 20}, std::pair{RLIMIT_FSIZE, 4096},
                                            std::pair{RLIMIT_CORE, 0}, std::pair{RLIMIT_MEMLOCK, 0}}) {
            rlimit limit{};
            ::getrlimit(resource, &limit);
            if (limit.rlim_cur != static_cast<rlim_t>(most) || limit.rlim_max != static_cast<rlim_t>(most)) return 2;
            limit.rlim_max = limit.rlim_cur + 1;
            if (::setrlimit(resource, &limit) == 0) return 3;
        }
        return 0;
    })));
}

TEST(Limits, AreNeverRaised) {
    EXPECT_TRUE(fine(in_child([] {
        const rlimit low{10, 10};
        ::setrlimit(RLIMIT_NOFILE, &low);
        rlimit now{};
        if (!set_limits({20, {}}).ok() || ::getrlimit(RLIMIT_NOFILE, &now) != 0) return 1;
        return now.rlim_max == 10 ? 0 : 2;
    })));
}

}  // namespace
}  // namespace hospes::sandbox
