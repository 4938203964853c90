#include "engine/translator/runtime/smp_litmus.h"

// In each batch the threads meet, without a locked instruction, and then run through its samples. Batches that thread t
// has begun: 0x200000 + 64 t. RCX is 1 and R12 the batch's end.
asm(R"(
    .intel_syntax noprefix
    .macro LITMUS name, threads
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
    YIELD
3:  pause
    cmp dword ptr [0x200000], r8d
    jb 2b
    cmp dword ptr [0x200040], r8d
    jb 2b
    .if \threads == 4
    cmp dword ptr [0x200080], r8d
    jb 2b
    cmp dword ptr [0x2000c0], r8d
    jb 2b
    .endif
    lea r12, [rbx + 32 * 8]
    mov ecx, 1
    .endm
    .macro NEXT_SAMPLE
    add rbx, 8
    cmp rbx, r12
    jne 4b
    .endm
    .macro AGAIN
    NEXT_SAMPLE
    dec rsi
    jnz 1b
    LEAVE
    .endm

    // Two threads that do the same with X and Y, and with Y and X: `side` has the two places, and leaves in EAX what it
    // saw.
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

    // One thread writes X and then Y; `read` leaves what it saw of Y in EAX and of X in EDX.
    .macro PASS_MESSAGE name, read, write
    LITMUS \name, 2
    test edi, edi
    jnz 5f
4:  \write
    mov [rbx + 0x500000], ecx
    AGAIN
5:
4:  \read
    mov [rbp + rbx], eax
    mov [rbp + rbx + 4], edx
    AGAIN
    .endm
    .macro WRITE_X
    mov [rbx + 0x400000], ecx
    .endm
    .macro PATCH_X
    mov [rbx + 0x400001], cl
    .endm
    .macro Y_THEN_X
    mov eax, [rbx + 0x500000]
    mov edx, [rbx + 0x400000]
    .endm
    .macro X_THEN_Y
    mov edx, [rbx + 0x400000]
    mov eax, [rbx + 0x500000]
    .endm
    .macro CALL_X
    lea rax, [rbx + 0x400000]
    call rax
    .endm
    // A serialising instruction is due between the two (SDM volume 3, 9.1.3).
    .macro Y_THEN_CALL_X
    mov r14d, [rbx + 0x500000]
    mov r13, rbx
    xor eax, eax
    cpuid
    mov rbx, r13
    CALL_X
    mov edx, eax
    mov eax, r14d
    .endm
    .macro CALL_X_THEN_Y
    CALL_X
    mov edx, eax
    mov eax, [rbx + 0x500000]
    .endm

    // Two threads write, X and Y; two others read both, each in its own order.
    .macro INDEPENDENT name, reader
    LITMUS \name, 4
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
6:  \reader 0x400000, 0x500000
7:  \reader 0x500000, 0x400000
    .endm
    .macro IN_ORDER first, second
4:  mov eax, [rbx + \first]
    mov edx, [rbx + \second]
    mov [rbp + rbx], eax
    mov [rbp + rbx + 4], edx
    AGAIN
    .endm
    // The second place of the whole batch, and then the first.
    .macro WRONG_WAY_ROUND first, second
4:  mov edx, [rbx + \second]
    mov [rbp + rbx + 4], edx
    NEXT_SAMPLE
    YIELD
    lea rbx, [r12 - 32 * 8]
4:  mov eax, [rbx + \first]
    mov [rbp + rbx], eax
    AGAIN
    .endm

    .macro ALL_LITMUS_TESTS where
    MIRRORED smp_sb_\where, STORE_LOAD
    MIRRORED smp_sb_fence_\where, STORE_FENCE_LOAD
    MIRRORED smp_sb_xchg_\where, XCHG_LOAD
    MIRRORED smp_sb_lock_\where, STORE_LOCK_LOAD
    MIRRORED smp_lb_\where, LOAD_STORE
    PASS_MESSAGE smp_mp_\where, Y_THEN_X, WRITE_X
    PASS_MESSAGE smp_mp_swapped_\where, X_THEN_Y, WRITE_X
    PASS_MESSAGE smp_code_\where, Y_THEN_CALL_X, PATCH_X
    PASS_MESSAGE smp_code_swapped_\where, CALL_X_THEN_Y, PATCH_X
    INDEPENDENT smp_iriw_\where, IN_ORDER
    INDEPENDENT smp_iriw_swapped_\where, WRONG_WAY_ROUND
    .endm

    // For the guest: a write to a port lets other threads run.
    .macro YIELD
    out 0x80, al
    .endm
    .macro LEAVE
    hlt
    .endm
    .pushsection .rodata
    .globl smp_litmus_guest, smp_litmus_guest_end
smp_litmus_guest:
    ALL_LITMUS_TESTS guest
smp_litmus_guest_end:
    .popsection

    // For threads of the host: sched_yield(), which leaves RBX, RBP, RSI and R8 to R15 but R11.
    .purgem YIELD
    .purgem LEAVE
    .macro YIELD
    mov eax, 24
    syscall
    .endm
    .macro LEAVE
    ret
    .endm
    .pushsection .text
    ALL_LITMUS_TESTS native
    .popsection
    .att_syntax
)");

#define HOSPES_DECLARE(name) extern "C" const char smp_##name##_guest[], smp_##name##_native[]
HOSPES_DECLARE(sb);
HOSPES_DECLARE(sb_fence);
HOSPES_DECLARE(sb_xchg);
HOSPES_DECLARE(sb_lock);
HOSPES_DECLARE(lb);
HOSPES_DECLARE(mp);
HOSPES_DECLARE(mp_swapped);
HOSPES_DECLARE(code);
HOSPES_DECLARE(code_swapped);
HOSPES_DECLARE(iriw);
HOSPES_DECLARE(iriw_swapped);
#undef HOSPES_DECLARE

namespace hospes::translator {

namespace {

bool neither(const Saw& saw) { return !saw.first_a && !saw.first_b; }
bool both(const Saw& saw) { return saw.first_a && saw.first_b; }
bool stale(const Saw& saw) { return saw.first_b && !saw.second_b; }
// The two readers disagree on which of the two writes came first.
bool disagree(const Saw& saw) { return saw.first_a && !saw.second_a && saw.first_b && !saw.second_b; }

#define HOSPES_ENTRIES(name) smp_##name##_guest, smp_##name##_native

}  // namespace

const std::vector<Litmus> kFenced = {
    {"StoreBufferingWithFences", HOSPES_ENTRIES(sb_fence), 2, 0, 1, neither},
    {"StoreBufferingWithXchg", HOSPES_ENTRIES(sb_xchg), 2, 0, 1, neither},
    {"StoreBufferingWithLockedAdds", HOSPES_ENTRIES(sb_lock), 2, 0, 1, neither},
};

const std::vector<Litmus> kOrdered = {
    {"LoadBuffering", HOSPES_ENTRIES(lb), 2, 0, 1, both},
    {"MessagePassing", HOSPES_ENTRIES(mp), 2, 0, 1, stale},
    {"CodePatching", HOSPES_ENTRIES(code), 2, 0, 1, stale, true, 100},
    {"IndependentReadsOfIndependentWrites", HOSPES_ENTRIES(iriw), 4, 2, 3, disagree, false, 500},
};

const std::vector<Litmus> kAllowing = {
    {"StoreBuffering", HOSPES_ENTRIES(sb), 2, 0, 1, neither},
    {"LoadsAfterTheStores", HOSPES_ENTRIES(sb), 2, 0, 1, both},
    {"MessagesReadTheWrongWayRound", HOSPES_ENTRIES(mp_swapped), 2, 0, 1, stale},
    {"CodeCalledBeforeTheFlagIsRead", HOSPES_ENTRIES(code_swapped), 2, 0, 1, stale, true, 100},
    {"IndependentReadsTheWrongWayRound", HOSPES_ENTRIES(iriw_swapped), 4, 2, 3, disagree, false, 500},
};

#undef HOSPES_ENTRIES

unsigned Outcomes::count_of(bool (*which)(const Saw&)) const {
    unsigned sum = 0;
    for (unsigned i = 0; i < counts_.size(); ++i) sum += which(saw(i)) ? counts_[i] : 0;
    return sum;
}

bool Outcomes::cover(const Outcomes& others) const {
    const unsigned few = others.count_of([](const Saw&) { return true; }) / 1'000;
    for (unsigned i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0 && others.counts_[i] > few) return false;
    }
    return true;
}

Outcomes& Outcomes::operator+=(const Outcomes& more) {
    for (unsigned i = 0; i < counts_.size(); ++i) counts_[i] += more.counts_[i];
    return *this;
}

std::string Outcomes::text() const {
    std::string out;
    for (unsigned i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        if (!out.empty()) out += ", ";
        for (unsigned bit = 8; bit != 0; bit >>= 1) out += (i & bit) != 0 ? '1' : '0';
        out += ": " + std::to_string(counts_[i]);
    }
    return out;
}

}  // namespace hospes::translator
