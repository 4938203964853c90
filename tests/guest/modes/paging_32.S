// Paging without PAE: 4 KiB and 4 MiB pages, faults, A and D, write protection, ring 3, CR2 and error codes.
// expect: exit 33
#include "protected.inc"

guest_main:
    PAGING_ON
    mov ebx, WIN
    UNMAP(0)
    FAULT_PF(0, WIN + 4, mov eax, [ebx + 4])
    FAULT_PF(ERR_W, WIN + 4, mov [ebx + 4], eax)
    USER_FAULT_PF(ERR_U, WIN + 4, mov eax, [ebx + 4])
    FAULT_AT(PF, 0, WIN, jmp ebx)           // no NX, no SMEP: no I bit
    MAP(0, offset page + PTE_P)
    mov eax, [ebx]
    CHECK_PTE(0, PTE_A + PTE_D, PTE_A)
    FAULT_PF(ERR_P + ERR_W, WIN, mov [ebx], eax)
    CHECK_PTE(0, PTE_A + PTE_D, PTE_A)
    USER_FAULT_PF(ERR_P + ERR_U, WIN, mov eax, [ebx])
    MAP(0, offset page + PTE_P + PTE_W + PTE_U)
    IN_USER(mov dword ptr [ebx + 8], 0x55)
    CHECK32(page + 8, 0x55)
    CHECK_PTE(0, PTE_A + PTE_D, PTE_A + PTE_D)
    mov eax, cr0
    and eax, ~CR0_WP
    mov cr0, eax
    MAP(1, offset page + PTE_P)
    mov dword ptr [ebx + 0x1008], 0x66
    CHECK32(page + 8, 0x66)
    or eax, CR0_WP
    mov cr0, eax

    // 4 MiB pages: at 0x80000000 onto physical 12 MiB
    mov dword ptr [page_dir + 512 * 4], 0xc00000 + PTE_P + PTE_W + PTE_PS
    mov edx, 0x80001234
    mov dword ptr [edx], 0x1234
    CHECK32(0xc01234, 0x1234)
    mov eax, [page_dir + 512 * 4]
    and eax, PTE_A + PTE_D
    CHECK(eax, PTE_A + PTE_D)
    mov dword ptr [page_dir + 512 * 4], 0x800000 + PTE_P + PTE_PS
    mov dword ptr [0x801234], 0x4321
    invlpg [0x80300000]
    mov eax, [edx]
    CHECK(eax, 0x4321)
    FAULT_PF(ERR_P + ERR_W, 0x80001234, mov [edx], eax)
    // with PSE off the same entry is a page table
    mov dword ptr [page_dir + 512 * 4], offset table + PTE_P + PTE_W + PTE_PS
    mov dword ptr [table + 4], offset page + PTE_P + PTE_W
    // (the identity map uses PSE too: make its first 4 MiB, where we are, 4 KiB pages first)
    xor ecx, ecx
1:  mov eax, ecx
    shl eax, 12
    or eax, 7
    mov [low_table + ecx * 4], eax
    inc ecx
    cmp ecx, 1024
    jne 1b
    mov dword ptr [page_dir], offset low_table + 7
    mov eax, cr4
    and eax, ~CR4_PSE
    mov cr4, eax
    FLUSH_TLB
    mov eax, [edx]
    cmp eax, [page + 0x234]
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov dword ptr [edx], 0x99
    CHECK32(page + 0x234, 0x99)

    // top of the address space: an access that wraps around 4 GiB touches both ends
    mov dword ptr [high_table + 1023 * 4], offset page + PTE_P + PTE_W
    mov dword ptr [page_dir + 1023 * 4], offset high_table + PTE_P + PTE_W
    mov ecx, 0xfffffffe
    mov ax, [ecx]
    mov ecx, 0xfffffffc
    mov dword ptr [ecx], 0x77
    CHECK32(page + 0xffc, 0x77)
    // paging off and on again
    mov eax, cr0
    and eax, 0x7fffffff
    mov cr0, eax
    jmp 2f
2:  mov dword ptr [page], 1                 // physical addresses now
    or eax, CR0_PG
    mov cr0, eax
    jmp 3f
3:  mov eax, [edx]
    CHECK(eax, 0x99)
    PASS
PAGE(page)
PAGE(table)
PAGE(low_table)
PAGE(high_table)
