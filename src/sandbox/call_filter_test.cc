// Every filter here is a real one, in a process of its own.
#include "sandbox/call_filter.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "sandbox/in_child.h"
#include "sandbox/privileges.h"
#include "sandbox/seccomp.h"

namespace hospes::sandbox {
namespace {

constexpr int kNoFilter = 99;

// How a child ends that may make these calls, exit_group() on top, and does `act`.
int under(std::vector<Rule> rules, const std::function<int()>& act) {
    rules.push_back({SYS_exit_group});
    return in_child([&] {
        if (!forbid_new_privileges().ok() || !restrict_calls(rules).ok()) return kNoFilter;
        return act();
    });
}

int call(long number, long first = 0, long second = 0, long third = 0) {
    return static_cast<int>(::syscall(number, first, second, third));
}

TEST(CallFilter, WhatIsInTheTableIsMade) {
    EXPECT_TRUE(fine(under({{SYS_getppid}, {SYS_getuid}}, [] { return call(SYS_getppid) > 0 ? 0 : 1; })));
}

TEST(CallFilter, WhatIsNotEndsTheProcess) {
    EXPECT_TRUE(killed(under({{SYS_getuid}}, [] { return call(SYS_getppid) > 0 ? 0 : 1; })));
    EXPECT_TRUE(killed(under({}, [] { return call(SYS_getppid) > 0 ? 0 : 1; })));
}

TEST(CallFilter, OneOfTheValues) {
    const std::vector<Rule> rules = {{SYS_prctl, one_of(0, {PR_GET_DUMPABLE, PR_GET_TIMERSLACK})}};
    EXPECT_TRUE(fine(under(rules, [] { return call(SYS_prctl, PR_GET_DUMPABLE) >= 0 ? 0 : 1; })));
    EXPECT_TRUE(fine(under(rules, [] { return call(SYS_prctl, PR_GET_TIMERSLACK) >= 0 ? 0 : 1; })));
    EXPECT_TRUE(killed(under(rules, [] { return call(SYS_prctl, PR_GET_KEEPCAPS) >= 0 ? 0 : 1; })));
}

TEST(CallFilter, NoneOfTheBits) {
    const std::vector<Rule> rules = {{SYS_mprotect, no_bit(2, PROT_EXEC)}};
    void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const auto protect = [page](int protection) {
        return [page, protection] { return call(SYS_mprotect, reinterpret_cast<long>(page), 4096, protection); };
    };
    EXPECT_TRUE(fine(under(rules, protect(PROT_READ | PROT_WRITE))));
    EXPECT_TRUE(killed(under(rules, protect(PROT_EXEC))));
    EXPECT_TRUE(killed(under(rules, protect(PROT_READ | PROT_EXEC))));
    ::munmap(page, 4096);
}

TEST(CallFilter, ConditionsLookAtTheirOwnArgument) {
    const std::vector<Rule> rules = {{SYS_lseek, one_of(2, {SEEK_END})}};
    EXPECT_TRUE(fine(under(rules, [] { return call(SYS_lseek, -1, SEEK_SET, SEEK_END) == -1 ? 0 : 1; })));
    EXPECT_TRUE(killed(under(rules, [] { return call(SYS_lseek, SEEK_END, SEEK_END, SEEK_SET) == -1 ? 0 : 1; })));
}

TEST(CallFilter, AFailureInTheCallsPlace) {
    EXPECT_TRUE(
        fine(under({{SYS_getppid, {}, ENOSYS}}, [] { return call(SYS_getppid) == -1 && errno == ENOSYS ? 0 : 1; })));
}

TEST(CallFilter, ManyValuesAndManyRules) {
    std::vector<std::uint32_t> values;
    for (std::uint32_t value = 1000; value < 1099; ++value) values.push_back(value);
    values.push_back(PR_GET_DUMPABLE);
    std::vector<Rule> rules;
    for (long number = 500; number < 800; ++number) rules.push_back({number});
    rules.push_back({SYS_prctl, one_of(0, values)});
    EXPECT_TRUE(fine(under(rules, [] { return call(SYS_prctl, PR_GET_DUMPABLE) >= 0 ? 0 : 1; })));
    EXPECT_TRUE(killed(under(rules, [] { return call(SYS_prctl, PR_GET_TIMERSLACK) >= 0 ? 0 : 1; })));
}

// Number 20 is writev() for x86-64 and getpid() for x86.
TEST(CallFilter, OtherArchitecturesHaveNoCalls) {
    const int status = under({{20}}, [] {
        long result = 20;
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
        return result > 0 ? 0 : 1;
    });
    EXPECT_TRUE(WIFSIGNALED(status)) << status;  // SIGSEGV where the kernel has no 32-bit calls
}

TEST(CallFilter, NorHasX32) {
    EXPECT_TRUE(killed(under({{SYS_getppid}}, [] { return call(0x40000000 | SYS_getppid) > 0 ? 0 : 1; })));
}

TEST(CallFilter, HoldsForThreadsThatRanBefore) {
    const int status = in_child([] {
        std::atomic<bool> closed{false};
        std::thread earlier([&closed] {
            while (!closed) continue;
            call(SYS_getppid);
        });
        const std::vector<Rule> rules = {{SYS_exit_group}, {SYS_exit},    {SYS_futex},
                                         {SYS_munmap},     {SYS_madvise}, {SYS_rt_sigprocmask}};
        if (!forbid_new_privileges().ok() || !restrict_calls(rules).ok()) return kNoFilter;
        closed = true;
        earlier.join();
        return 0;
    });
    EXPECT_TRUE(killed(status)) << status;
}

}  // namespace
}  // namespace hospes::sandbox
