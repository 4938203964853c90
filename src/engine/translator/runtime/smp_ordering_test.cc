// Litmus tests: of what several vCPUs see of each other's plain accesses, x86's total store order allows some outcomes
// and forbids the others (SDM volume 3, 9.2). None of the latter may ever be seen; they are seen where the engine or
// the guest is made so that they may.
#include <gtest/gtest.h>

#include <chrono>

#include "engine/translator/runtime/smp_guest.h"

// RSI is the number of batches. In each the vCPUs meet, without a locked instruction, and then run through 32 samples.
// Of sample s: X at 0x400000 + 8 s, Y at 0x500000 + 8 s; what vCPU v saw first at 0x600000 + 0x100000 v + 8 s, and
// second 4 bytes on. Batches that vCPU v has begun: 0x200000 + 64 v.
asm(R"(
    .pushsection .rodata
    .intel_syntax noprefix
smp_ordering:
    .macro LITMUS name, vcpus
    .globl \name
\name:
    imul ebp, edi, 0x100000
    add ebp, 0x600000
    mov r9d, edi
    shl r9d, 6
    xor ebx, ebx
    xor r8d, r8d
1:  inc r8d
    mov [r9 + 0x200000], r8d
2:  inc r15d
    test r15d, 255
    jnz 3f
    out 0x80, al
3:  pause
    cmp dword ptr [0x200000], r8d
    jb 2b
    cmp dword ptr [0x200040], r8d
    jb 2b
    .if \vcpus == 4
    cmp dword ptr [0x200080], r8d
    jb 2b
    cmp dword ptr [0x2000c0], r8d
    jb 2b
    .endif
    lea r12, [rbx + 32 * 8]
    mov ecx, 1
    .endm
    .macro AGAIN
    add rbx, 8
    cmp rbx, r12
    jne 4b
    dec rsi
    jnz 1b
    hlt
    .endm
    // Two vCPUs that do the same with X and Y, and with Y and X: `side` has the two places, and leaves in EAX what it saw.
    .macro MIRRORED name, side
    LITMUS \name, 2
    test edi, edi
    jnz 5f
4:  \side 0x400000, 0x500000
    mov [rbp + rbx], eax
    AGAIN
5:
4:  \side 0x500000, 0x400000
    mov [rbp + rbx], eax
    AGAIN
    .endm
    .macro STORE_LOAD mine, other
    mov [rbx + \mine], ecx
    mov eax, [rbx + \other]
    .endm
    .macro STORE_FENCE_LOAD mine, other
    mov [rbx + \mine], ecx
    mfence
    mov eax, [rbx + \other]
    .endm
    .macro XCHG_LOAD mine, other
    mov eax, 1
    xchg [rbx + \mine], eax
    mov eax, [rbx + \other]
    .endm
    .macro STORE_LOCK_LOAD mine, other
    mov [rbx + \mine], ecx
    lock add dword ptr [rsp - 4], 0
    mov eax, [rbx + \other]
    .endm
    .macro LOAD_STORE mine, other
    mov eax, [rbx + \other]
    mov [rbx + \mine], ecx
    .endm
    // Store buffering; XCHG and LOCK are fences of their own. Then load buffering.
    MIRRORED smp_sb, STORE_LOAD
    MIRRORED smp_sb_fence, STORE_FENCE_LOAD
    MIRRORED smp_sb_xchg, XCHG_LOAD
    MIRRORED smp_sb_lock, STORE_LOCK_LOAD
    MIRRORED smp_lb, LOAD_STORE
    // Message passing, and its reader the wrong way round.
    .macro PASS_MESSAGE name, read:vararg
    LITMUS \name, 2
    test edi, edi
    jnz 5f
4:  mov [rbx + 0x400000], ecx
    mov [rbx + 0x500000], ecx
    AGAIN
5:
4:  \read
    mov [rbp + rbx], eax
    mov [rbp + rbx + 4], edx
    AGAIN
    .endm
    .macro FLAG_THEN_DATA
    mov eax, [rbx + 0x500000]
    mov edx, [rbx + 0x400000]
    .endm
    .macro DATA_THEN_FLAG
    mov edx, [rbx + 0x400000]
    mov eax, [rbx + 0x500000]
    .endm
    PASS_MESSAGE smp_mp, FLAG_THEN_DATA
    PASS_MESSAGE smp_mp_swapped, DATA_THEN_FLAG
    // Independent reads of independent writes.
    LITMUS smp_iriw, 4
    cmp edi, 1
    jb 4f
    je 5f
    cmp edi, 3
    je 7f
    jmp 6f
4:  mov [rbx + 0x400000], ecx
    AGAIN
5:
4:  mov [rbx + 0x500000], ecx
    AGAIN
6:
4:  mov eax, [rbx + 0x400000]
    mov edx, [rbx + 0x500000]
    mov [rbp + rbx], eax
    mov [rbp + rbx + 4], edx
    AGAIN
7:
4:  mov eax, [rbx + 0x500000]
    mov edx, [rbx + 0x400000]
    mov [rbp + rbx], eax
    mov [rbp + rbx + 4], edx
    AGAIN
smp_ordering_end:
    .att_syntax
    .popsection
)");

extern "C" const char smp_ordering[], smp_ordering_end[], smp_sb[], smp_sb_fence[], smp_sb_xchg[], smp_sb_lock[],
    smp_mp[], smp_mp_swapped[], smp_lb[], smp_iriw[];

namespace hospes::translator {
namespace {

constexpr unsigned kSamplesPerBatch = 32;

class SmpOrdering : public testing::Test {
  protected:
    // Calls `forbidden` with what vCPU `first` and `second` saw, for each sample; gives how often it said yes.
    template <typename Forbidden>
    unsigned count(unsigned vcpus, const char* entry, unsigned batches, unsigned first, unsigned second,
                   Forbidden forbidden, Breakage breakage = Breakage::None) {
        SmpGuest guest(vcpus, smp_ordering, smp_ordering_end, breakage);
        EXPECT_EQ(guest.run_all(entry, batches), "");
        unsigned seen = 0;
        for (unsigned i = 0; i < batches * kSamplesPerBatch; ++i) {
            const auto saw = [&](unsigned vcpu, unsigned which) {
                return guest.get<std::uint32_t>(0x60'0000 + vcpu * 0x10'0000 + i * 8 + which * 4) != 0;
            };
            seen += forbidden(saw(first, 0), saw(first, 1), saw(second, 0), saw(second, 1)) ? 1 : 0;
        }
        return seen;
    }
    // Whether an outcome shows if it may. It takes two CPUs at the same time, which the host may be slow to lend.
    template <typename Seen>
    void expect_seen(const char* entry, Seen outcome, Breakage breakage = Breakage::None) {
        if (!two_cpus()) GTEST_SKIP() << "the host has one CPU";
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(5);
        while (count(2, entry, 1'000, 0, 1, outcome, breakage) == 0) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "never seen";
        }
    }
    static bool neither(bool a, bool, bool b, bool) { return !a && !b; }
    static bool both(bool a, bool, bool b, bool) { return a && b; }
    static bool stale(bool, bool, bool flag, bool data) { return flag && !data; }
};

TEST_F(SmpOrdering, StoreBufferingIsAllowed) { expect_seen(smp_sb, neither); }
TEST_F(SmpOrdering, StoreBufferingWithFences) { EXPECT_EQ(count(2, smp_sb_fence, 1'000, 0, 1, neither), 0u); }
TEST_F(SmpOrdering, StoreBufferingWithLockedStores) { EXPECT_EQ(count(2, smp_sb_xchg, 1'000, 0, 1, neither), 0u); }
TEST_F(SmpOrdering, StoreBufferingWithLockedAdds) { EXPECT_EQ(count(2, smp_sb_lock, 1'000, 0, 1, neither), 0u); }
TEST_F(SmpOrdering, BrokenFencesAreSeen) { expect_seen(smp_sb_fence, neither, Breakage::Order); }
TEST_F(SmpOrdering, BrokenLocksAreSeen) { expect_seen(smp_sb_lock, neither, Breakage::Order); }

TEST_F(SmpOrdering, MessagePassing) { EXPECT_EQ(count(2, smp_mp, 1'000, 0, 1, stale), 0u); }
TEST_F(SmpOrdering, MessagesReadTheWrongWayRoundAreSeen) { expect_seen(smp_mp_swapped, stale); }

TEST_F(SmpOrdering, LoadBuffering) { EXPECT_EQ(count(2, smp_lb, 1'000, 0, 1, both), 0u); }
TEST_F(SmpOrdering, LoadsAfterTheStoresAreSeen) { expect_seen(smp_sb, both); }

TEST_F(SmpOrdering, IndependentReadsOfIndependentWrites) {
    const auto disagree = [](bool x2, bool y2, bool y3, bool x3) { return x2 && !y2 && y3 && !x3; };
    EXPECT_EQ(count(4, smp_iriw, 500, 2, 3, disagree), 0u);
}

}  // namespace
}  // namespace hospes::translator
