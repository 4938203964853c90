// One physical page of code at two virtual addresses: RIP-relative data, pushed return addresses, direct and indirect
// jumps are those of the address it runs at.
// expect: exit 33
#include "long.inc"

guest_main:
    MAP(0, offset code + PTE_P)
    MAP(1, offset data_a + PTE_P + PTE_W)
    MAP(2, offset code + PTE_P)
    MAP(3, offset data_b + PTE_P + PTE_W)
    mov qword ptr [data_a + 8], 10
    mov qword ptr [data_b + 8], 20
    mov ecx, 300
1:  mov ebx, WIN
    call rbx
    CHECK(rax, 10)
    CHECK(rdx, WIN + after - code)
    CHECK(rsi, WIN + label - code)
    mov ebx, WIN + 0x2000
    call rbx
    CHECK(rax, 20)
    CHECK(rdx, WIN + 0x2000 + after - code)
    CHECK(rsi, WIN + 0x2000 + label - code)
    dec ecx
    jnz 1b
    CHECK64(data_a + 16, 300)
    CHECK64(data_b + 16, 300)
    // ring 3 runs the same code at yet another address
    mov ecx, 0
    call code                                       // identity: its data is the page after it
    CHECK(rax, 30)
    PASS

    .balign 4096
code:
    mov rax, [rip + code + 4096 + 8]
    inc qword ptr [rip + code + 4096 + 16]
    call after
after:
    pop rdx
    lea rsi, [rip + label]
    lea rdi, [rip + 2f]
    jmp rdi
    ud2
2:  jmp label
    ud2
    .skip 200, 0xcc
label:
    push rsi
    lea rdi, [rip + 3f]
    mov [rsp], rdi
    ret
    ud2
3:  ret
    .balign 4096
    .quad 0, 30, 0
    .balign 4096
PAGE(data_a)
PAGE(data_b)
