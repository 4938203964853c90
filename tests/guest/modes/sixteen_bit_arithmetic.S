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
    CHECK(eax, 0xffa8)                      // 5 * 1000 * 5 = 0x61a8: al is negative
    mov eax, 0xffff0008
    mov ecx, 0xffff00f0
    CODE16(bsf dx, ax; bts ax, dx; xchg ax, cx; shld dx, cx, 4; popcnt si, ax; setc bl; cmovc edi, eax)
    and edx, 0xffff
    CHECK(edx, 0x30)
    CHECK(eax, 0xffff00f0)
    CHECK(ecx, 0xffff0008)
    and esi, 0xffff
    CHECK(esi, 4)
    // 66 selects other SSE instructions: it must not come with the operand size
    mov dword ptr [0x8214], 0x1f80
    mov dword ptr [0x8200], 0x3f800000      // 1.0
    mov dword ptr [0x8204], 0x40000000      // 2.0
    mov ebx, 0x8200
    CODE16(movsd xmm0, [bx]; addps xmm0, xmm0; movq [bx + 8], xmm0; cvttss2si eax, [bx + 12])
    CHECK32(0x8208, 0x40000000)
    CHECK32(0x820c, 0x40800000)
    CHECK(eax, 4)
    CODE16(fild word ptr [0x8202]; fistp dword ptr [bx + 16]; ldmxcsr [0x8214])
    CHECK32(0x8210, 0x3f80)
    PASS

back16:
    jmp [resume16]
    .data
    .balign 4
resume16: .long 0
