// Loops that walk through memory, over the end of a page and into what is not there or not writable: what they have
// done until then is done, and the registers say where they are. Up and down, by base, index and both, through several
// pointers, through two mappings of one page, over the code that they are.
// expect: exit 33
#include "long.inc"

guest_main:
    MAP(0, offset page_a + PTE_P + PTE_W)
    MAP(1, offset page_b + PTE_P + PTE_W)           // page_b lies below page_a
    UNMAP(2)

    // fill upwards over both pages, 8 bytes at a time, into the absent third
    mov edi, WIN
    xor eax, eax
    fault_arm_ 2f
1:  mov [rdi + rax * 8], rax
    inc rax
    cmp rax, 2000
    jne 1b
    NOT_REACHED
2:  fault_check_ PF, 2, 1b, __LINE__
    check_ [fault_cr2], WIN + 8192, __LINE__
    CHECK(rax, 1024)
    CHECK64(page_a + 4088, 511)
    CHECK64(page_b, 512)
    CHECK64(page_b + 4088, 1023)

    // sum downwards, 16 bytes at a time, misaligned so that one access lies on both pages; the page before is absent
    lea rsi, [WIN + 8192 - 12]
    pxor xmm0, xmm0
    mov ecx, 511
3:  movdqu xmm1, [rsi - 16 + 12]
    movdqu xmm2, [rsi - 4]
    paddq xmm0, xmm1
    sub rsi, 16
    dec rcx
    jnz 3b
    movq rax, xmm0
    psrldq xmm0, 8
    movq rdx, xmm0
    CHECK(rax, 510 * 511 + 511 * 2 - 0)             // 2 + 4 + ... + 1022
    CHECK(rdx, 511 * 512 + 511)                     // 3 + 5 + ... + 1023
    CHECK(rsi, WIN + 16 - 12)

    // copy and change, with a load that faults in the middle of a turn: what came before it in that turn is done
    lea rsi, [WIN + 8192 - 100 * 8]
    mov edi, offset target
    xor ebx, ebx
    fault_arm_ 5f
4:  inc rbx
    add qword ptr [rdi], 3
41: mov rax, [rsi]
    mov [rdi + 8], rax
    add rsi, 8
    add rdi, 16
    cmp rbx, 200
    jne 4b
    NOT_REACHED
5:  fault_check_ PF, 0, 41b, __LINE__
    CHECK(rbx, 101)
    CHECK(rdi, offset target + 1600)
    CHECK64(target, 3)
    CHECK64(target + 8, 924)
    CHECK64(target + 1592, 1023)
    CHECK64(target + 1600, 3)
    CHECK64(target + 1608, 0)

    // into a read-only page: the loads before are good, the store is not
    MAP(1, offset page_b + PTE_P)
    mov rax, cr0
    bts rax, 16                                     // WP
    mov cr0, rax
    mov esi, WIN + 4096 - 80
    fault_arm_ 7f
6:  mov eax, [rsi]
    add eax, 1
61: mov [rsi], eax
    add rsi, 4
    jmp 6b
7:  fault_check_ PF, 3, 61b, __LINE__
    CHECK(rsi, WIN + 4096)
    CHECK32(page_a + 4092, 1)
    CHECK32(page_b, 512)

    // two mappings of one page: what one pointer writes the other one reads in the next turn
    MAP(3, offset page_a + PTE_P + PTE_W)
    mov esi, WIN
    mov edi, WIN + 3 * 4096 + 8
    mov qword ptr [WIN], 1
    mov ecx, 500
8:  mov rax, [rsi]
    lea rax, [rax + rax * 2]
    mov [rdi], rax
    add rsi, 8
    add rdi, 8
    dec ecx
    jnz 8b
    CHECK64(page_a + 8 * 20, 3486784401)            // 3 to the power of 20

    // a fixed operand beside one that walks, and a way out in the middle
    mov dword ptr [limit + rip], 77
    mov qword ptr [counted + rip], 0
    mov esi, offset bytes
9:  movzx eax, byte ptr [rsi]
    inc qword ptr [counted + rip]
    cmp eax, [limit + rip]
    je 10f
    inc rsi
    jmp 9b
10: CHECK(rsi, offset bytes + 200)
    CHECK64(counted, 201)

    // a loop that makes its own instructions into others: NOPs into `inc ebx`, from the second turn on
    mov edi, offset 12f
    xor ebx, ebx
    mov ecx, 20
11: mov word ptr [rdi], 0xc3ff
12: nop
    nop
    dec ecx
    jnz 11b
    CHECK(rbx, 20)
    PASS

    .data
limit: .long 0
    .balign 8
counted: .quad 0
bytes:
    .fill 200, 1, 5
    .byte 77
    .fill 55, 1, 5
    .bss
    .balign 4096
page_b: .skip 4096
    .skip 4096
page_a: .skip 4096
target: .skip 4096
