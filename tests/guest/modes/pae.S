// PAE paging: PDPTEs are loaded by a CR3 write; 2 MiB pages, NX.
// expect: exit 33
#include "protected.inc"

guest_main:
    // identity: the first GiB by 2 MiB pages; PDPTE 1: 1 GiB (0x70000000 lies in it)
    xor ecx, ecx
1:  mov eax, ecx
    shl eax, 21
    or eax, PTE_P + PTE_W + PTE_U + PTE_PS
    mov [pd0 + ecx * 8], eax
    inc ecx
    cmp ecx, 512
    jne 1b
    mov dword ptr [pdpt], offset pd0 + PTE_P
    mov dword ptr [pdpt + 8], offset pd1 + PTE_P
    mov dword ptr [pd1 + 384 * 8], offset pt + 7
    mov dword ptr [pt], offset page + 7
    mov eax, offset pdpt
    mov cr3, eax
    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_NXE
    wrmsr
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    jmp 2f
2:  mov ebx, WIN
    mov dword ptr [ebx], 0x1234
    CHECK32(page, 0x1234)
    mov eax, [pt]
    and eax, PTE_A + PTE_D
    CHECK(eax, PTE_A + PTE_D)
    // NX and its error code
    mov byte ptr [page], 0xc3
    call ebx
    mov dword ptr [pt + 4], 0x80000000
    invlpg [ebx]
    FAULT_AT(PF, ERR_P + ERR_I, WIN, jmp ebx)
    mov eax, [ebx]
    mov dword ptr [pt + 4], 0
    invlpg [ebx]
    call ebx
    // a PDPTE that is there after the next CR3 write
    mov dword ptr [pdpt + 16], offset pd1 + PTE_P
    mov eax, cr3
    mov cr3, eax
    mov ecx, WIN + 0x40000000
    mov eax, [ecx]
    cmp eax, [page]
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov dword ptr [pdpt + 16], 0
    mov eax, cr3
    mov cr3, eax
    FAULT_PF(0, WIN + 0x40000000, mov eax, [ecx])
    // 2 MiB page with NX, ring 3
    mov dword ptr [pd1 + 385 * 8], 0xc00000 + PTE_P + PTE_W + PTE_U + PTE_PS
    mov dword ptr [pd1 + 385 * 8 + 4], 0x80000000
    mov edx, WIN2 + 0x1000
    IN_USER(mov dword ptr [edx], 0x5555)
    CHECK32(0xc01000, 0x5555)
    FAULT_AT(PF, ERR_P + ERR_I, WIN2 + 0x1000, jmp edx)
    PASS
PAGE(pdpt)
PAGE(pd0)
PAGE(pd1)
PAGE(pt)
PAGE(page)
