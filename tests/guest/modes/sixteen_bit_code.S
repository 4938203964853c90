// A 16-bit code segment in protected mode: default sizes, prefixes, IP wrap, 16-bit stack; and 66/67 prefixes in 32-bit code.
// expect: exit 33
#include "protected.inc"

guest_main:
    mov eax, 0x11111111
    mov ebx, 0x22220010
    mov esi, 0x33330020
    // code below 64 KiB is needed: copy it to 0x8000
    mov ecx, offset code16_end - code16
    push esi
    mov esi, offset code16
    mov edi, 0x8000
    cld
    rep movsb
    pop esi
    .byte 0xea
    .long 0x8000
    .word KCS16
back:
    CHECK(eax, 0x11115678)
    CHECK(edx, 0x9abcdef0)
    CHECK(ecx, 0x35)                        // (bx + si + 5) in 16 bits
    CHECK(ebp, 0x55556666)
    // 32-bit code with the prefixes
    mov eax, 0x11112222
    mov cx, 0x9999
    .byte 0x66, 0x05, 0x01, 0x00            // add ax, 1
    CHECK(eax, 0x11112223)
    mov ebx, 0xffff0010
    mov word ptr [0x8100], 0x4321
    mov ebx, 0xffff8000
    .byte 0x67, 0x8b, 0x87, 0x00, 0x01      // mov eax, [bx + 0x100]
    and eax, 0xffff
    CHECK(eax, 0x4321)
    mov edx, esp
    pushw 0x1234
    sub edx, esp
    CHECK(edx, 2)
    pop ax
    CHECK(eax, 0x1234)
    mov ecx, 0x10002
    xor eax, eax
1:  inc eax
    .byte 0x67, 0xe2, 1b - . - 1            // loop with CX
    CHECK(eax, 2)
    CHECK(ecx, 0x10000)
    mov ax, 0x7fff
    add ax, 1
    CHECK_FLAGS(FL_OF + FL_SF, FL_OF + FL_SF)
    PASS
    .code16
code16:
    mov ax, 0x5678
    mov edx, 0x9abcdef0
    lea cx, [bx + si + 5]
    movzx ecx, cx
    push dword ptr 0x55556666
    pop ebp
    call 1f
    .byte 0x66, 0xea
    .long back
    .word KCS
1:  ret
code16_end:
    .code32
