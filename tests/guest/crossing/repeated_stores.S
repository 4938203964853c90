// Stores over the boundary of two pages that are not neighbours in physical memory, at one place again and again, with
// indirect calls between them: neither forgets what was learned of the other. Then the second page goes away.
// expect: exit 33
// counter: exit_indirect < 100
// counter: vector_saves < 200
#include "long.inc"

guest_main:
    MAP(0, offset page_a + PTE_P + PTE_W)
    MAP(1, offset page_b + PTE_P + PTE_W)           // page_b lies below page_a
    mov r8d, offset count_down
    mov edi, WIN + 4096 - 3
    mov ecx, 1000
1:  mov [rdi], rcx
    add qword ptr [rdi], 5
    call r8
    jnz 1b
    CHECK64(WIN + 4096 - 3, 6)
    CHECK8(page_a + 4095, 0)
    CHECK8(page_a + 4093, 6)

    // what is in the second page is written, and what is beside it is not
    mov rax, 0x1122334455667788
    mov qword ptr [page_b], -1
    mov ecx, 20
2:  mov [rdi], rax
    call r8
    jnz 2b
    CHECK64(page_b, 0xffffff1122334455)
    CHECK8(page_a + 4093, 0x88)

    // the second page is not there in the last turn: nothing is stored
    mov ecx, 10
    mov r9d, 10
    fault_arm_ 4f
3:  mov [rdi], r9
    dec r9
    cmp ecx, 5
    jne 5f
    mov qword ptr [test_pt + 8], 0
    invlpg [rdi + 8]
5:  call r8
    jnz 3b
    NOT_REACHED
4:  fault_check_ PF, 2, 3b, __LINE__
    check_ [fault_cr2], WIN + 4096, __LINE__
    CHECK8(page_a + 4093, 5)
    CHECK(rcx, 4)
    PASS

count_down:
    dec ecx
    ret
    .bss
    .balign 4096
page_b: .skip 4096
    .skip 4096
page_a: .skip 4096
