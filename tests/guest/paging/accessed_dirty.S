// A and D bits: a load sets A only, a store sets A and D, an access that faults sets no D; upper levels get A.
// D is set by the first store even when a load has made the entry warm, and set again after software clears it.
// expect: exit 33
#include "long.inc"
#define AD PTE_A + PTE_D

guest_main:
    mov ebx, WIN
    FLUSH_TLB
    MAP(0, offset page + PTE_P + PTE_W)
    and qword ptr [pd1 + 384 * 8], ~PTE_A
    FLUSH_TLB
    CHECK_PTE(0, AD, 0)
    mov rax, [rbx]
    CHECK_PTE(0, AD, PTE_A)
    mov rax, [pd1 + 384 * 8]
    and eax, PTE_A + PTE_D
    CHECK(rax, PTE_A)
    cmp qword ptr [rbx], 0
    CHECK_PTE(0, AD, PTE_A)
    mov [rbx + 8], rax
    CHECK_PTE(0, AD, PTE_A + PTE_D)

    // software clears D and invalidates: the next store sets it again
    and qword ptr [test_pt], ~PTE_D
    invlpg [rbx]
    mov rax, [rbx]
    CHECK_PTE(0, AD, PTE_A)
    add [rbx], rax
    CHECK_PTE(0, AD, PTE_A + PTE_D)
    and qword ptr [test_pt], ~(AD)
    invlpg [rbx]
    push qword ptr [rbx]
    pop rax
    CHECK_PTE(0, AD, PTE_A)
    push rax
    pop qword ptr [rbx]                             // a pop to the page is a store
    CHECK_PTE(0, AD, PTE_A + PTE_D)

    // faulting stores set no D
    MAP(1, offset page + PTE_P)
    mov rax, [rbx + 4096]
    FAULT_PF(ERR_P + ERR_W, WIN + 4096, mov [rbx + 4096], rax)
    CHECK_PTE(1, AD, PTE_A)
    MAP(1, offset page + PTE_P + PTE_W)
    USER_FAULT_PF(ERR_P + ERR_W + ERR_U, WIN + 4096, mov [rbx + 4096], rax)
    CHECK_PTE(1, PTE_D, 0)

    // a fetch sets A
    MAP(2, offset page + PTE_P)
    mov byte ptr [page + 0x100], 0xc3
    lea rax, [rbx + 0x2100]
    call rax
    CHECK_PTE(2, AD, PTE_A)

    // a store that crosses into a second page sets D of both; a large page has its own D
    MAP(4, offset page + PTE_P + PTE_W)
    MAP(5, offset page2 + PTE_P + PTE_W)
    mov [rbx + 0x4ffc], rax
    CHECK_PTE(4, AD, PTE_A + PTE_D)
    CHECK_PTE(5, AD, PTE_A + PTE_D)
    and qword ptr [pd0 + 31 * 8], ~(AD)
    FLUSH_TLB
    mov rax, [31 * 0x200000]
    mov rax, [pd0 + 31 * 8]
    and eax, AD
    CHECK(rax, PTE_A)
    mov [31 * 0x200000], rax
    mov rax, [pd0 + 31 * 8]
    and eax, AD
    CHECK(rax, PTE_A + PTE_D)
    PASS
PAGE(page)
PAGE(page2)
