// Stores of 10, 16 and 32 bytes over a page boundary whose second page faults: nothing is written to the first page.
// expect: exit 33
// qemu: skip TCG stores 8 bytes at a time and leaves the first ones behind
#include "long.inc"
#define SECOND WIN + 4096
#define UNCHANGED CHECK64(page_a + 0xff8, 0x1122334455667788); CHECK64(page_a + 0xff0, 0x99); CHECK(rax, 0x77)

guest_main:
    mov rax, 0x1122334455667788
    mov [page_a + 0xff8], rax
    mov qword ptr [page_a + 0xff0], 0x99
    MAP(0, offset page_a + PTE_P + PTE_W)
    UNMAP(1)
    mov ebx, SECOND
    mov eax, 0x77
    pcmpeqb xmm0, xmm0
    FAULT_PF(ERR_W, SECOND, movups [rbx - 15], xmm0)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, vmovups [rbx - 9], ymm0)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, movlps [rbx - 7], xmm0)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, vextracti128 [rbx - 15], ymm0, 1)
    UNCHANGED
    fld1
    FAULT_PF(ERR_W, SECOND, fstp tbyte ptr [rbx - 8])
    UNCHANGED
    fstp qword ptr [scratch]                        // still on the x87 stack
    CHECK64(scratch, 0x3ff0000000000000)
    MAP(1, offset page_b + PTE_P)
    FAULT_PF(ERR_P + ERR_W, SECOND, vmovdqu [rbx - 16], ymm0)
    UNCHANGED
    CHECK64(page_b, 0)
    CHECK_PTE(1, PTE_D, 0)
    PASS
    .data
scratch: .quad 0
PAGE(page_b)
PAGE(page_a)
