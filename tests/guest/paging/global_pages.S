// Global pages: kept over a CR3 write, dropped by invlpg and by a change of CR4.PGE; others are dropped by the CR3 write.
// What a TLB may keep it need not keep, so only the dropping is demanded; and that a kept entry is not another page's.
// expect: exit 33
#include "long.inc"

guest_main:
    mov qword ptr [page_a], 1
    mov qword ptr [page_b], 2
    CR_SET(cr4, CR4_PGE)
    mov ebx, WIN
    MAP(0, offset page_a + PTE_P + PTE_W + PTE_G)
    MAP(1, offset page_a + PTE_P + PTE_W)
    mov rax, [rbx]
    mov rax, [rbx + 4096]
    PTE(0, offset page_b + PTE_P + PTE_W + PTE_G)
    PTE(1, offset page_b + PTE_P + PTE_W)
    FLUSH_TLB
    mov rax, [rbx + 4096]
    CHECK(rax, 2)                                   // not global: dropped
    mov rax, [rbx]                                  // global: either
    invlpg [rbx]
    mov rax, [rbx]
    CHECK(rax, 2)

    PTE(0, offset page_a + PTE_P + PTE_W + PTE_G)
    CR_CLEAR(cr4, CR4_PGE)
    mov rax, [rbx]
    CHECK(rax, 1)
    CR_SET(cr4, CR4_PGE)
    mov rax, [rbx]
    CHECK(rax, 1)
    PTE(0, 0)
    CR_CLEAR(cr4, CR4_PGE)
    FAULT_PF(0, WIN, mov rax, [rbx])

    // two address spaces with the same global kernel page and different private ones
    CR_SET(cr4, CR4_PGE)
    MAP(0, offset page_a + PTE_P + PTE_W + PTE_G)
    MAP(1, offset page_a + PTE_P + PTE_W)
    call copy_tables
    mov qword ptr [pt_2 + 8], offset page_b + PTE_P + PTE_W
    mov r8, cr3
    mov r9, offset pml4_2
    mov ecx, 50
1:  mov cr3, r9
    mov rax, [rbx + 4096]
    CHECK(rax, 2)
    mov rax, [rbx]
    CHECK(rax, 1)
    mov cr3, r8
    mov rax, [rbx + 4096]
    CHECK(rax, 1)
    mov rax, [rbx]
    CHECK(rax, 1)
    dec ecx
    jnz 1b
    PASS
#include "second_space.inc"
PAGE(page_a)
PAGE(page_b)
