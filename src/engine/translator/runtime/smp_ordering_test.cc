// Litmus tests: of what several vCPUs see of each other's plain accesses, x86's total store order allows some outcomes
// and forbids the others (SDM volume 3, 9.2). None of the latter may ever be seen.
#include <gtest/gtest.h>

#include "engine/translator/runtime/smp_guest.h"

// RSI is the number of batches. In each the vCPUs meet and then run through 32 samples. Of sample s: X at
// 0x400000 + 8 s, Y at 0x500000 + 8 s; what vCPU v saw first at 0x600000 + 0x100000 v + 8 s, and second 4 bytes on.
asm(R"(
    .pushsection .rodata
    .intel_syntax noprefix
smp_ordering:
    .macro LITMUS name, vcpus
    .globl \name
\name:
    imul ebp, edi, 0x100000
    add ebp, 0x600000
    xor ebx, ebx
    xor r8d, r8d
1:  add r8d, \vcpus
    lock inc dword ptr [0x200000]
2:  cmp dword ptr [0x200000], r8d
    jae 3f
    pause
    inc r15d
    test r15d, 255
    jnz 2b
    out 0x80, al
    jmp 2b
3:  lea r12, [rbx + 32 * 8]
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
    .macro LOAD_STORE mine, other
    mov eax, [rbx + \other]
    mov [rbx + \mine], ecx
    .endm
    // Store buffering; XCHG is a fence of its own. Then load buffering.
    MIRRORED smp_sb, STORE_LOAD
    MIRRORED smp_sb_fence, STORE_FENCE_LOAD
    MIRRORED smp_sb_xchg, XCHG_LOAD
    MIRRORED smp_lb, LOAD_STORE
    // Message passing.
    LITMUS smp_mp, 2
    test edi, edi
    jnz 5f
4:  mov [rbx + 0x400000], ecx
    mov [rbx + 0x500000], ecx
    AGAIN
5:
4:  mov eax, [rbx + 0x500000]
    mov edx, [rbx + 0x400000]
    mov [rbp + rbx], eax
    mov [rbp + rbx + 4], edx
    AGAIN
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

extern "C" const char smp_ordering[], smp_ordering_end[], smp_sb[], smp_sb_fence[], smp_sb_xchg[], smp_mp[], smp_lb[],
    smp_iriw[];

namespace hospes::translator {
namespace {

constexpr unsigned kSamplesPerBatch = 32;

class SmpOrdering : public testing::Test {
  protected:
    // Calls `forbidden` with what vCPU `first` and `second` saw, for each sample; gives how often it said yes.
    template <typename Forbidden>
    unsigned count(unsigned vcpus, const char* entry, unsigned batches, unsigned first, unsigned second,
                   Forbidden forbidden) {
        SmpGuest guest(vcpus, smp_ordering, smp_ordering_end);
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
    static bool neither(bool a, bool, bool b, bool) { return !a && !b; }
};

// Allowed: it only shows how well the test mixes.
TEST_F(SmpOrdering, StoreBuffering) {
    RecordProperty("seen", static_cast<int>(count(2, smp_sb, 1'000, 0, 1, neither)));
}

TEST_F(SmpOrdering, StoreBufferingWithFences) { EXPECT_EQ(count(2, smp_sb_fence, 1'000, 0, 1, neither), 0u); }
TEST_F(SmpOrdering, StoreBufferingWithLockedStores) { EXPECT_EQ(count(2, smp_sb_xchg, 1'000, 0, 1, neither), 0u); }

TEST_F(SmpOrdering, MessagePassing) {
    const auto stale = [](bool, bool, bool flag, bool data) { return flag && !data; };
    EXPECT_EQ(count(2, smp_mp, 1'000, 0, 1, stale), 0u);
}

TEST_F(SmpOrdering, LoadBuffering) {
    const auto both = [](bool a, bool, bool b, bool) { return a && b; };
    EXPECT_EQ(count(2, smp_lb, 1'000, 0, 1, both), 0u);
}

TEST_F(SmpOrdering, IndependentReadsOfIndependentWrites) {
    const auto disagree = [](bool x2, bool y2, bool y3, bool x3) { return x2 && !y2 && y3 && !x3; };
    EXPECT_EQ(count(4, smp_iriw, 500, 2, 3, disagree), 0u);
}

}  // namespace
}  // namespace hospes::translator
