// CR0.PE off in 32-bit code: the descriptor caches stay, so the code goes on with 32 bits, flat, until segments are
// loaded; a far jump keeps the limit and size of CS. IRET and IRETD in real mode.
// expect: exit 33
// qemu: skip TCG takes the size of code from CR0.PE as well
#include "protected.inc"

guest_main:
    mov esi, offset low32
    mov edi, 0x8000
    mov ecx, offset low32_end - low32
    cld
    rep movsb
    mov eax, 0x8000
    jmp eax
back:
    mov ax, KDS
    mov ds, ax
    mov ss, ax
    mov es, ax
    CHECK(ebx, 0x12345678)
    CHECK(edx, 0x89abcdef)
    CHECK(ecx, 0x4000)
    and edi, FL_ID + FL_CF
    CHECK(edi, FL_ID + FL_CF)
    PASS
low32:
    mov eax, cr0
    and al, 0xfe
    mov cr0, eax
    mov ebx, 0x12345678                     // five bytes, and four of them the operand
    mov [value], ebx                        // beyond 1 MiB
    mov ebx, [value]
    .byte 0xea                              // 800:..., still with 32 bits
    .long 1f - low32
    .word 0x800
1:  mov edx, 0x89abcdef
    mov ecx, 0x4000
    // IRETD of three 32-bit values
    pushfd
    pop eax
    or eax, FL_ID + FL_CF
    push eax
    push 0
    push offset 2f - low32 + 0x8000
    iretd
2:  pushfd
    pop edi
    mov eax, cr0
    or al, 1
    mov cr0, eax
    .byte 0xea
    .long back
    .word KCS
low32_end:
    .data
value: .long 0
