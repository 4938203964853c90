// 16-bit code in protected mode: operand sizes of all kinds of instructions, addresses, what is no operand size (SSE).
// expect: exit 33
#include "protected.inc"

// Each piece is copied to 0x8000 and run there; it comes back with registers and flags as it left them
.macro run16 first, last
    push esi
    push edi
    push ecx
    mov esi, offset \first
    mov edi, 0x8000
    mov ecx, offset \last - \first
    rep movsb
    pop ecx
    pop edi
    pop esi
    mov dword ptr [resume16], offset 791f
    .byte 0xea
    .long 0x8000
    .word KCS16
791:
.endm
#define CODE16(...) STEP; jmp 789f; .code16; 788: __VA_ARGS__; .byte 0x66, 0xea; .long back16; .word KCS; .code32; \
    789: run16 788b, 789b

guest_main:
    cld
    mov ebx, 0xffff8100
    mov esi, 0xffff0010
    mov dword ptr [0x8100], 0x11223344
    mov dword ptr [0x8110], 0x55667788
    mov eax, 0x1111ffff
    CODE16(add ax, 1; adc dx, dx)
    CHECK(eax, 0x11110000)
    CHECK(edx, 1)
    mov eax, 0x1111ffff
    CODE16(inc ax; dec cx)
    CHECK(eax, 0x11110000)
    mov eax, 0x1111ffff
    CODE16(inc eax)
    CHECK(eax, 0x11120000)
    CODE16(mov ax, [bx]; mov cx, [bx + si]; mov edx, [bx + si])
    CHECK(eax, 0x11123344)
    and ecx, 0xffff
    CHECK(ecx, 0x7788)
    CHECK(edx, 0x55667788)
    CODE16(mov ax, [0x8102]; mov cl, [0x8103]; add word ptr [0x8100], 0x1000)
    CHECK(eax, 0x11121122)
    CHECK32(0x8100, 0x11224344)
    CODE16(mov [0x8104], eax; mov word ptr [0x8106], 0x9999; movzx edx, byte ptr [bx + 1]; movsx cx, byte ptr [0x8107])
    CHECK32(0x8104, 0x99991122)
    CHECK(edx, 0x43)
    and ecx, 0xffff
    CHECK(ecx, 0xff99)
    mov eax, 0x80000003
    mov ecx, 0x70000005
    CODE16(imul ax, cx, 1000; mul cx; cbw; cwde)
    and eax, 0xffff
    CHECK(eax, 0x0058)                      // 15000 * 5 = 0x124f8: al 0xf8 is negative
    PASS

back16:
    jmp [resume16]
    .data
    .balign 4
resume16: .long 0
