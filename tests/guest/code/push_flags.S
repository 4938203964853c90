// PUSHFQ among other code: status flags as they are, before and after it; DF, IF, AC and ID where they belong; RF and
// VM never. MOV from a segment register.
// expect: exit 33
#include "long.inc"

guest_main:
    mov ecx, 100
1:  mov eax, 0x7fffffff
    add eax, 1                                      // OF SF AF PF
    pushfq
    seto dl                                         // the flags are still there
    sets dh
    jc 9f
    pop rax
    and eax, 0xcd5
    CHECK(rax, 0x894)
    movzx eax, dx
    CHECK(rax, 0x101)
    xor eax, eax
    cmp eax, 1                                      // CF SF AF PF
    mov rbx, [page_a]                               // a probe between
    pushfq
    jnc 9f
    pop rax
    and eax, 0xcd5
    CHECK(rax, 0x095)
    dec ecx
    jnz 1b
    std
    sti
    nop
    pushfq
    cli
    cld
    pop rax
    and eax, 0x600
    CHECK(rax, 0x600)
    pushfq
    pop rax
    and eax, 0x600
    CHECK(rax, 0)
    mov eax, 0x240000 + 2                           // AC and ID, and RF and VM, which do not stick
    or eax, 0x30000
    push rax
    popfq
    pushfq
    pushfq
    pop rax
    pop rbx
    sub rbx, rax
    CHECK(rbx, 0)
    CHECK(rax, 0x240002)
    push 2
    popfq
    mov rax, -1
    mov eax, ss
    CHECK(rax, KDS)
    mov r11, -1
    mov r11, cs
    CHECK(r11, KCS)
    mov rax, -1
    mov ax, ds                                      // 16 bits: the rest stays
    CHECK(rax, 0xffffffffffff0000 + KDS)
    PASS
9:  CHECK(rcx, -1)
    PASS
PAGE(page_a)
