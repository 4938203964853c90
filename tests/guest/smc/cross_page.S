// Patches over a page boundary: an instruction that lies in two pages changed in its head, its tail, or both by one
// store; a rep movs that writes two pages of code; a block that runs on from a page into the next one, which is patched.
// expect: exit 33
#include "long.inc"
#define SECOND WIN + 4096

guest_main:
    cld
    MAP(0, offset page_a + PTE_P + PTE_W)
    MAP(1, offset page_b + PTE_P + PTE_W)
    mov ebx, SECOND
    mov byte ptr [rbx - 3], 0xb8            // mov eax, imm32; ret
    mov byte ptr [rbx + 2], 0xc3
    mov ecx, 300
1:  mov [rbx - 2], ecx                      // both pages by one store
    lea rdx, [rbx - 3]
    call rdx
    sub eax, ecx
    CHECK(rax, 0)
    mov byte ptr [page_b + 1], 0x55         // the tail by its other address
    call rdx
    shr eax, 24
    CHECK(rax, 0x55)
    mov byte ptr [page_a + 0xffe], 0x66     // the head
    call rdx
    movzx eax, al
    CHECK(rax, 0x66)
    dec ecx
    jnz 1b

    // a slide of incs over the boundary, patched in the second page from the first, while it runs
    mov edi, SECOND - 64
    mov eax, 0x90c0ff90
    mov ecx, 32
    rep stosd
    mov byte ptr [rdi], 0xc3
    xor eax, eax
    mov edx, SECOND - 64
    call rdx
    CHECK(rax, 32)
    // mov word [SECOND + 1], 0xc8ff at the slide's start: c7 /0 with r8 as the base
    mov r8d, SECOND + 1
    mov dword ptr [rdx], 0x00c74166
    mov dword ptr [rdx + 4], 0x9090c8ff
    mov word ptr [page_b + 1], 0xc0ff
    xor eax, eax
    call rdx
    CHECK(rax, 32 - 2 - 2)
    mov word ptr [rbx + 1], 0xc0ff
    xor eax, eax
    call rdx                                // again: patched back by itself
    CHECK(rax, 28)

    // a copy of code over both pages
    mov esi, offset page_a + 0xfc0
    mov r12d, 50
2:  mov edi, SECOND - 32
    mov al, 0x90
    mov ecx, 64
    rep stosb
    mov byte ptr [rdi], 0xc3
    lea rdx, [rbx - 32]
    mov eax, 5
    call rdx
    CHECK(rax, 5)
    mov edi, SECOND - 32
    mov esi, offset incs
    mov ecx, 64
    rep movsb
    mov eax, 5
    call rdx
    CHECK(rax, 37)
    dec r12d
    jnz 2b
    PASS
    .data
incs:
    .rept 32
    .byte 0xff, 0xc0
    .endr
PAGE(page_b)
PAGE(between)
PAGE(page_a)
