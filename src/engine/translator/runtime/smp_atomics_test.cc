// Locked operations of several vCPUs lose nothing, wherever they lie; page walks set A and D atomically.
#include <gtest/gtest.h>

#include <chrono>

#include "engine/translator/runtime/smp_guest.h"

// RSI is how often. The counter: 0x200000; a spin lock: 0x200080.
asm(R"(
    .pushsection .rodata
    .intel_syntax noprefix
    // Counts under a spin lock.
    .macro COUNT_UNDER_LOCK name, lock
\name:
1:  mov eax, 1
    xchg [\lock], eax
    test eax, eax
    jz 2f
    pause
    out 0x80, al
    jmp 1b
2:  inc qword ptr [0x200000]
    mov dword ptr [\lock], 0
    dec rsi
    jnz \name
    hlt
    .endm
smp_atomics:
smp_inc:
    lock inc qword ptr [0x200000]
    dec rsi
    jnz smp_inc
    hlt
smp_xadd:
    mov eax, 1
    lock xadd qword ptr [0x200000], rax
    dec rsi
    jnz smp_xadd
    hlt
smp_cmpxchg:
    mov rax, [0x200000]
1:  lea rdx, [rax + 1]
    lock cmpxchg [0x200000], rdx
    jnz 1b
    dec rsi
    jnz smp_cmpxchg
    hlt
smp_cmpxchg16b:
    mov rax, [0x200000]
    mov rdx, [0x200008]
1:  mov rbx, rax
    mov rcx, rdx
    add rbx, 1
    adc rcx, 1
    lock cmpxchg16b [0x200000]
    jnz 1b
    dec rsi
    jnz smp_cmpxchg16b
    hlt
    COUNT_UNDER_LOCK smp_xchg, 0x200080
    // Even vCPUs: all 8 bytes, half on each side of a page's end. Odd ones: the upper half, which lies in one page.
smp_split:
    test edi, 1
    jnz 2f
1:  lock add qword ptr [0x40000ffc], 1
    dec rsi
    jnz 1b
    hlt
2:  lock add dword ptr [0x40001000], 1
    dec rsi
    jnz 2b
    hlt
    // The lock lies over a page's end.
    COUNT_UNDER_LOCK smp_split_xchg, 0x40000ffd
    // The entry of page 0x300000 is at 0x5800. vCPU 0 flips a bit that is the program's, the other one has A and D set
    // again and again.
smp_accessed:
    test edi, edi
    jnz 2f
    xor ebx, ebx
1:  lock btc qword ptr [0x5800], 52
    setc al
    cmp al, bl
    jne 3f
    xor ebx, 1
    dec rsi
    jnz 1b
    mov dword ptr [0x200000], 1
    hlt
2:  lock and qword ptr [0x5800], ~0x60
    invlpg [0x300000]
    mov eax, [0x300000]
    mov [0x300000], eax
    cmp dword ptr [0x200000], 0
    je 2b
    hlt
3:  ud2
smp_atomics_end:
    .att_syntax
    .popsection
)");

extern "C" const char smp_atomics[], smp_atomics_end[], smp_inc[], smp_xadd[], smp_cmpxchg[], smp_cmpxchg16b[],
    smp_xchg[], smp_split[], smp_split_xchg[], smp_accessed[];

namespace hospes::translator {
namespace {

class SmpAtomics : public testing::TestWithParam<unsigned> {
  protected:
    unsigned vcpus() const { return GetParam(); }
    // Everyone counts `times`; gives the counter.
    std::uint64_t count(const char* entry, std::uint64_t times) {
        EXPECT_EQ(guest_.run_all(entry, times), "");
        return guest_.get<std::uint64_t>(SmpGuest::kData);
    }

    SmpGuest guest_{GetParam(), smp_atomics, smp_atomics_end};
};

INSTANTIATE_TEST_SUITE_P(Vcpus, SmpAtomics, testing::Values(1u, 2u, 4u));

TEST_P(SmpAtomics, Inc) { EXPECT_EQ(count(smp_inc, 200'000), vcpus() * 200'000ull); }
TEST_P(SmpAtomics, Xadd) { EXPECT_EQ(count(smp_xadd, 200'000), vcpus() * 200'000ull); }
TEST_P(SmpAtomics, Cmpxchg) { EXPECT_EQ(count(smp_cmpxchg, 100'000), vcpus() * 100'000ull); }
TEST_P(SmpAtomics, XchgAsLock) { EXPECT_EQ(count(smp_xchg, 20'000), vcpus() * 20'000ull); }

TEST_P(SmpAtomics, Cmpxchg16b) {
    EXPECT_EQ(count(smp_cmpxchg16b, 100'000), vcpus() * 100'000ull);
    EXPECT_EQ(guest_.get<std::uint64_t>(SmpGuest::kData + 8), vcpus() * 100'000ull);
}

TEST_P(SmpAtomics, OverTwoPages) {
    constexpr std::uint32_t kTimes = 3'000;
    EXPECT_EQ(guest_.run_all(smp_split, kTimes), "");
    const auto low = guest_.get<std::uint32_t>(SmpGuest::kWindowFrames[0] + 0xffc);
    const auto high = guest_.get<std::uint32_t>(SmpGuest::kWindowFrames[1]);
    EXPECT_EQ(low, (vcpus() + 1) / 2 * kTimes);
    EXPECT_EQ(high, vcpus() / 2 * kTimes);
    EXPECT_GE(guest_.counter("locked_alone"), low);
}

TEST_P(SmpAtomics, LockOverTwoPages) { EXPECT_EQ(count(smp_split_xchg, 200), vcpus() * 200ull); }

// The tests above see it if locks do not lock. It takes two CPUs at the same time, which the host may be slow to lend.
TEST(SmpBroken, UnlockedInstructionsLoseCounts) {
    if (!two_cpus()) GTEST_SKIP() << "the host has one CPU";
    constexpr std::uint64_t kTimes = 5'000'000;
    for (const char* const entry : {smp_inc, smp_xadd, smp_cmpxchg, smp_cmpxchg16b}) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
        for (bool lost = false; !lost;) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "nothing lost";
            SmpGuest guest(2, smp_atomics, smp_atomics_end, Breakage::Order);
            ASSERT_EQ(guest.run_all(entry, kTimes), "");
            lost = guest.get<std::uint64_t>(SmpGuest::kData) != 2 * kTimes;
        }
    }
}

TEST(SmpWalks, AccessedAndDirtyBitsAreSetAtomically) {
    SmpGuest guest(2, smp_atomics, smp_atomics_end);
    ASSERT_EQ(SmpGuest::page_table_entry(0x30'0000), 0x5800u);
    EXPECT_EQ(guest.run_all(smp_accessed, 10'000'001), "");
    EXPECT_EQ(guest.get<std::uint64_t>(0x5800) & ~0x60ull, 0x0010'0000'0030'0003u);
}

}  // namespace
}  // namespace hospes::translator
