// The table itself, under real filters: each call is made in a process of its own.
#include "vmm/allowed_calls.h"

#include <gtest/gtest.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "engine/kvm/allowed_requests.h"
#include "sandbox/privileges.h"
#include "sandbox/seccomp.h"

namespace hospes::vmm {
namespace {

using machine::EngineKind;

struct Call {
    long number;
    long arguments[4] = {};
};

// Whether a process confined for `engine` that makes the call is ended for it.
bool ends(EngineKind engine, const Call& call) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool closed =
            sandbox::forbid_new_privileges().ok() && sandbox::restrict_calls(allowed_calls(engine)).ok();
        const long* with = call.arguments;
        if (closed) ::syscall(call.number, with[0], with[1], with[2], with[3]);
        ::syscall(SYS_exit_group, closed ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "no filter";
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

std::set<long> numbers_of(EngineKind engine) {
    std::set<long> numbers;
    for (const sandbox::Rule& rule : allowed_calls(engine)) EXPECT_TRUE(numbers.insert(rule.number).second);
    return numbers;
}

// Every call that there is, but for those of the table: the next kernel's, too. Two are asked of no filter (Linux 6.12,
// 6.18), and raise SIGILL but in the kernel's own code for user-space probes.
TEST(AllowedCallsOfTheTranslator, AllOthersEndTheProcess) {
    constexpr long kMost = 600, kUretprobe = 335, kUprobe = 336;
    const std::set<long> allowed = numbers_of(EngineKind::Translator);
    for (long number = 0; number < kMost; ++number) {
        if (allowed.contains(number) || number == kUretprobe || number == kUprobe) continue;
        EXPECT_TRUE(ends(EngineKind::Translator, {number})) << number;
    }
}

TEST(AllowedCallsOfKvm, AreATimersMore) {
    std::set<long> expected = numbers_of(EngineKind::Translator);
    expected.insert({SYS_timer_create, SYS_timer_settime, SYS_timer_delete});
    EXPECT_EQ(numbers_of(EngineKind::Kvm), expected);
}

class AllowedCalls : public ::testing::TestWithParam<EngineKind> {};

TEST_P(AllowedCalls, NoneOfTheTableReachesOut) {
    const std::set<long> allowed = numbers_of(GetParam());
    for (const long number : {SYS_open,
                              SYS_openat,
                              SYS_openat2,
                              SYS_creat,
                              SYS_unlink,
                              SYS_rename,
                              SYS_stat,
                              SYS_newfstatat,
                              SYS_readlink,
                              SYS_memfd_create,
                              SYS_execve,
                              SYS_execveat,
                              SYS_fork,
                              SYS_vfork,
                              SYS_unshare,
                              SYS_setns,
                              SYS_socket,
                              SYS_socketpair,
                              SYS_connect,
                              SYS_bind,
                              SYS_listen,
                              SYS_accept,
                              SYS_accept4,
                              SYS_sendto,
                              SYS_ptrace,
                              SYS_process_vm_readv,
                              SYS_process_vm_writev,
                              SYS_kill,
                              SYS_tkill,
                              SYS_pidfd_getfd,
                              SYS_bpf,
                              SYS_io_uring_setup,
                              SYS_io_uring_enter,
                              SYS_io_uring_register,
                              SYS_perf_event_open,
                              SYS_userfaultfd,
                              SYS_keyctl,
                              SYS_shmat,
                              SYS_personality,
                              SYS_pkey_mprotect,
                              SYS_seccomp,
                              SYS_prlimit64,
                              SYS_setrlimit,
                              SYS_capset,
                              SYS_setuid,
                              SYS_fcntl,
                              SYS_dup2,
                              SYS_dup3,
                              SYS_mount,
                              SYS_init_module,
                              SYS_finit_module}) {
        EXPECT_FALSE(allowed.contains(number)) << number;
    }
}

TEST_P(AllowedCalls, MemoryIsNeverMadeExecutable) {
    constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    EXPECT_TRUE(ends(GetParam(), {SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, kAnonymous}}));
    EXPECT_TRUE(ends(GetParam(), {SYS_mprotect, {0, 4096, PROT_EXEC}}));
    EXPECT_FALSE(ends(GetParam(), {SYS_mmap, {0, 4096, PROT_READ | PROT_WRITE, kAnonymous}}));
    EXPECT_FALSE(ends(GetParam(), {SYS_mprotect, {0, 4096, PROT_READ}}));
}

TEST_P(AllowedCalls, ThreadsButNoProcesses) {
    EXPECT_TRUE(ends(GetParam(), {SYS_clone, {SIGCHLD}}));
    EXPECT_TRUE(ends(GetParam(), {SYS_clone, {CLONE_VM | CLONE_VFORK | SIGCHLD}}));
    EXPECT_TRUE(ends(GetParam(), {SYS_clone, {CLONE_NEWUSER | SIGCHLD}}));
    EXPECT_FALSE(ends(GetParam(), {SYS_clone3, {0, 0}}));  // it fails
}

TEST_P(AllowedCalls, SignalsToThisProcessOnly) {
    EXPECT_TRUE(ends(GetParam(), {SYS_tgkill, {::getppid(), ::getppid(), 0}}));
}

TEST_P(AllowedCalls, NothingOfTheProcessIsSetButNames) {
    EXPECT_TRUE(ends(GetParam(), {SYS_prctl, {PR_SET_DUMPABLE, 1}}));
    EXPECT_TRUE(ends(GetParam(), {SYS_prctl, {PR_SET_SECCOMP, 2}}));
    EXPECT_FALSE(ends(GetParam(), {SYS_prctl, {PR_SET_NAME, reinterpret_cast<long>("io")}}));
}

TEST_P(AllowedCalls, RequestsOfTheTerminal) {
    EXPECT_TRUE(ends(GetParam(), {SYS_ioctl, {-1, TIOCSTI}}));
    EXPECT_TRUE(ends(GetParam(), {SYS_ioctl, {-1, TIOCLINUX}}));
    EXPECT_FALSE(ends(GetParam(), {SYS_ioctl, {-1, TCSETS}}));
}

INSTANTIATE_TEST_SUITE_P(Engines, AllowedCalls, ::testing::Values(EngineKind::Translator, EngineKind::Kvm),
                         [](const auto& engine) { return std::string(machine::name_of(engine.param)); });

TEST(AllowedRequests, OfKvmForThatEngineOnly) {
    for (const std::uint32_t request : kvm::allowed_requests()) {
        EXPECT_TRUE(ends(EngineKind::Translator, {SYS_ioctl, {-1, request}})) << std::hex << request;
        EXPECT_FALSE(ends(EngineKind::Kvm, {SYS_ioctl, {-1, request}})) << std::hex << request;
    }
    EXPECT_FALSE(ends(EngineKind::Kvm, {SYS_timer_create, {}}));
    constexpr long kCreateDevice = 0xc00caee0;
    EXPECT_TRUE(ends(EngineKind::Kvm, {SYS_ioctl, {-1, kCreateDevice}}));
}

}  // namespace
}  // namespace hospes::vmm
