// LODS, STOS, SCAS and MOVS without REP in 32-bit code: both directions, around the end of the address space, over
// pages, faults of either side; PUSHFD with all its flags; PUSH of segment registers.
// expect: exit 33
#include "protected.inc"
PAGE(page)
PAGE(table)
PAGE(other)

guest_main:
    PAGING_ON
    mov dword ptr [page_dir + 1023 * 4], offset table + PTE_P + PTE_W
    mov dword ptr [table + 1023 * 4], offset page + PTE_P + PTE_W
    mov byte ptr [page + 4095], 0x5a
    mov word ptr [page + 4092], 0x1234

    // upwards to 0, downwards from it
    cld
    mov eax, 0x11223344
    mov esi, -1
    lodsb
    CHECK(eax, 0x1122335a)
    CHECK(esi, 0)
    mov edi, -1
    scasb
    CHECK_FLAGS(FL_ZF + FL_CF, FL_ZF)
    CHECK(edi, 0)
    mov edi, -1
    inc eax
    stosb
    CHECK8(page + 4095, 0x5b)
    CHECK(edi, 0)
    std
    mov esi, offset other
    mov byte ptr [other], 0x77
    mov edi, 0
    movsb
    CHECK8(0, 0x77)
    CHECK(edi, -1)
    CHECK(esi, offset other - 1)
    mov esi, 0
    lodsb
    CHECK(esi, -1)
    CHECK8(0, 0x77)
    mov esi, -4
    lodsw
    CHECK(esi, -6)
    CHECK(eax, 0x11221234)
    // an element over the end of a page, and one over the end of all: it goes on at 0
    cld
    mov esi, offset page + 4094
    mov edi, offset other + 4093
    movsd
    CHECK(esi, offset page + 4098)
    mov eax, [page + 4094]
    mov edi, offset other + 4093
    scasd
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov ecx, [other + 4093]
    CHECK(ecx, eax)

    // flags live over it stay
    mov esi, offset page
    mov edi, offset other
    stc
    lodsb
    stosb
    movsw
    CHECK_FLAGS(FL_CF, FL_CF)
    mov ecx, 1000                           // and in a loop
    mov ebx, 0
1:  mov esi, offset page + 4095
    lodsb
    movzx eax, al
    add ebx, eax
    dec ecx
    jnz 1b
    CHECK(ebx, 0x5b * 1000)

    // faults: nothing moves
    UNMAP(0)
    MAP(1, offset page + PTE_P)
    mov eax, 0x77
    mov esi, WIN
    mov edi, offset other
    FAULT_PF(0, WIN, lodsd)
    CHECK(eax, 0x77)
    FAULT_PF(0, WIN, movsb)
    mov esi, offset page
    mov edi, WIN + 4096
    FAULT_PF(ERR_P + ERR_W, WIN + 4096, stosd)
    FAULT_PF(ERR_P + ERR_W, WIN + 4096, movsb)
    FAULT_PF(ERR_P + ERR_W, WIN + 4096, movsd)
    CHECK(esi, offset page)
    CHECK(edi, WIN + 4096)
    mov edi, WIN + 4094                     // the second half is read-only, the first is not there
    FAULT_PF(ERR_W, WIN + 4094, stosd)
    CHECK(edi, WIN + 4094)

    // PUSHFD: DF, IF, ID, AC, IOPL and the status flags; not VM and RF
    mov ecx, FL_DF + FL_ID + FL_AC + FL_IOPL + FL_CF + FL_ZF + 2
    push ecx
    popfd
    pushfd
    pop eax
    cld
    CHECK(eax, ecx)
    push 2
    popfd
    sti
    pushfd
    cli
    pop eax
    CHECK(eax, FL_IF + 2)

    // segment registers
    push ds
    pop eax
    and eax, 0xffff
    CHECK(eax, KDS)
    push cs
    pop eax
    and eax, 0xffff
    CHECK(eax, KCS)
    xor eax, eax
    mov gs, eax
    push -1
    pop eax
    push gs
    pop eax
    and eax, 0xffff
    CHECK(eax, 0)
    push fs
    pop fs
    PASS
