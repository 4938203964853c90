// Read-only pages in ring 0 and ring 3, with CR0.WP set and clear.
// expect: exit 33
#include "long.inc"

guest_main:
    mov ebx, WIN
    mov rax, 0x77
    MAP(0, offset page + PTE_P + PTE_U)
    FAULT_PF(ERR_P + ERR_W, WIN + 8, mov [rbx + 8], rax)
    FAULT_PF(ERR_P + ERR_W, WIN + 8, lock inc qword ptr [rbx + 8])
    CHECK64(page + 8, 0)
    USER_FAULT_PF(ERR_P + ERR_W + ERR_U, WIN + 8, mov [rbx + 8], rax)

    // a warm read entry does not let a write through, a warm supervisor entry with WP = 0 not a user's
    CR_CLEAR(cr0, CR0_WP)
    mov [rbx + 8], rax
    CHECK64(page + 8, 0x77)
    lock inc qword ptr [rbx + 8]
    CHECK64(page + 8, 0x78)
    CHECK_PTE(0, PTE_D + PTE_A, PTE_D + PTE_A)
    USER_FAULT_PF(ERR_P + ERR_W + ERR_U, WIN + 8, mov [rbx + 8], rax)
    mov [rbx + 16], rax
    CR_SET(cr0, CR0_WP)
    FAULT_PF(ERR_P + ERR_W, WIN + 16, mov [rbx + 16], rbx)
    CHECK64(page + 16, 0x77)

    // read-only at the PDE, writable at the PTE: read-only
    MAP(1, offset page + PTE_P + PTE_W)
    mov [rbx + 4096], rax
    and qword ptr [pd1 + 384 * 8], ~PTE_W
    FLUSH_TLB
    FAULT_PF(ERR_P + ERR_W, WIN + 4096, mov [rbx + 4096], rax)
    mov rcx, [rbx + 4096]
    CHECK(rcx, 0x77)
    PASS
PAGE(page)
