// What software may rely on: after invlpg or a CR3 write the new entry is used, for loads, stores, RMW, code and page
// walks; an entry that grants more needs no flush after the fault (the faulting access drops its stale entry).
// expect: exit 33
#include "long.inc"

guest_main:
    mov qword ptr [page_a], 1
    mov qword ptr [page_b], 2
    mov ebx, WIN
    mov ecx, 200
1:  MAP(0, offset page_a + PTE_P + PTE_W)
    mov rax, [rbx]
    CHECK(rax, 1)
    lock add qword ptr [rbx + 8], 1
    MAP(0, offset page_b + PTE_P + PTE_W)
    mov rax, [rbx]
    CHECK(rax, 2)
    lock add qword ptr [rbx + 8], 2
    PTE(0, offset page_a + PTE_P + PTE_W)
    FLUSH_TLB
    mov rax, [rbx]
    CHECK(rax, 1)
    dec ecx
    jnz 1b
    CHECK64(page_a + 8, 200)
    CHECK64(page_b + 8, 400)

    // not present -> present without invlpg: never cached
    UNMAP(1)
    FAULT_PF(0, WIN + 4096, mov rax, [rbx + 4096])
    PTE(1, offset page_a + PTE_P)
    mov rax, [rbx + 4096]
    CHECK(rax, 1)
    // read-only -> writable without invlpg: at most a spurious fault, after which it works
    FAULT_PF(ERR_P + ERR_W, WIN + 4096, mov [rbx + 4096], rax)
    PTE(1, offset page_a + PTE_P + PTE_W)
    mov qword ptr [fault_resume], offset 2f
2:  mov qword ptr [rbx + 4096], 9
    mov qword ptr [fault_resume], 0
    CHECK64(page_a, 9)

    // invlpg of one page leaves the others usable and takes any address: not mapped, not canonical (a no-op)
    invlpg [rbx + 4096]
    mov rax, 0x0000700000000000
    invlpg [rax]
    mov rax, 0x8000000000000000
    invlpg [rax]
    USER_FAULT(GP, 0, invlpg [rbx])
    FAULT(UD, 0, .byte 0x0f, 0x01, 0xff)            // 0f 01 /7 with mod 3, rm 7: not invlpg

    // a changed PDE
    mov qword ptr [pt_new], offset page_b + PTE_P + PTE_W
    mov rax, [rbx]
    mov qword ptr [pd1 + 384 * 8], offset pt_new + PTE_P + PTE_W
    invlpg [rbx]
    mov rax, [rbx]
    CHECK(rax, 2)
    PASS
PAGE(page_a)
PAGE(page_b)
PAGE(pt_new)
