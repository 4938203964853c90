// Another physical page at the same virtual address: after invlpg (or a CR3 write) direct calls, indirect calls, jumps
// and returns into it run the new code, also from a loop that has been linked to the old one.
// expect: exit 33
#include "long.inc"

guest_main:
    mov ebx, WIN
    xor r13d, r13d
    mov r12d, 100
1:  MAP(0, offset code_a + PTE_P)
    call run
    CHECK(r13, 1 + 1 + 1 + 1)
    MAP(0, offset code_b + PTE_P)
    call run
    CHECK(r13, 2 + 2 + 2 + 2)
    PTE(0, offset code_a + PTE_P)
    FLUSH_TLB
    call run
    CHECK(r13, 4)
    dec r12d
    jnz 1b

    // code on page 1 calls into page 0 with a direct call, and falls through from page 0 into page 1
    MAP(1, offset code_c + PTE_P)
    mov r12d, 100
2:  MAP(0, offset code_a + PTE_P)
    mov eax, WIN + 4096
    call rax
    CHECK(r13, 1)
    MAP(0, offset code_b + PTE_P)
    call rax
    CHECK(r13, 2)
    dec r12d
    jnz 2b
    // and remaps itself, going on in the other page's code
    MAP(0, offset code_a + PTE_P + PTE_W)
    mov r14d, offset code_b + PTE_P
    lea rax, [rbx + 0x100]
    call rax
    CHECK(r13, 0x22)
    PASS

run:
    xor r13d, r13d
    call rbx
    mov [pointer], rbx
    call [pointer]
    push offset 3f
    jmp rbx
3:  push offset 4f
    push rbx
    ret
4:  ret

    .data
    .balign 8
pointer: .quad 0
    .text
    .balign 4096
code_a:
    add r13d, 1
    ret
    .org code_a + 0x100
    mov [test_pt], r14
    invlpg [rbx]
    mov r13d, 0x11
    ret
    .balign 4096
code_b:
    add r13d, 2
    ret
    .org code_b + 0x100
    mov [test_pt], r14
    invlpg [rbx]
    mov r13d, 0x22
    ret
    .balign 4096
code_c:
    xor r13d, r13d
    .byte 0xe8                                      // call code at WIN from WIN + 4096
    .long code_c - 4096 - 1f
1:  ret
    .balign 4096
