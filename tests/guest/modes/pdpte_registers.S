// PAE paging: the four PDPTEs are registers. What is written to the table counts from the next MOV to CR3, or change
// of paging in CR0 or CR4, on; one with reserved bits is #GP there, and loads nothing.
// expect: exit 33
// qemu: skip TCG reads the table at each walk
#include "protected.inc"

guest_main:
    mov dword ptr [pdpt], offset pd0 + PTE_P
    mov dword ptr [pd0], PTE_P + PTE_W + PTE_PS
    mov dword ptr [pd0 + 8], 0x200000 + PTE_P + PTE_W + PTE_PS
    mov eax, offset pdpt
    mov cr3, eax
    mov eax, cr4
    or eax, CR4_PAE
    mov cr4, eax
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    jmp 1f
1:  // the second GiB: there from the next CR3 write on
    mov dword ptr [pdpt + 8], offset pd0 + PTE_P
    mov ebx, 0x40000000
    FAULT_PF(0, 0x40000000, mov eax, [ebx])
    mov eax, cr3
    mov cr3, eax
    mov eax, [ebx]
    // gone from memory, still there
    mov dword ptr [pdpt + 8], 0
    mov dword ptr [pdpt], 0
    invlpg [ebx]
    mov eax, [ebx + 0x1000]
    mov eax, [0x1000]
    // reserved bits: #GP, and what was loaded stays
    mov dword ptr [pdpt], offset pd0 + PTE_P + PTE_U
    mov eax, cr3
    FAULT(GP, 0, mov cr3, eax)
    mov eax, [ebx + 0x2000]
    mov eax, cr4
    xor eax, CR4_PGE
    FAULT(GP, 0, mov cr4, eax)
    mov eax, [ebx + 0x3000]
    // CR4.PGE changes: loaded again
    mov dword ptr [pdpt], offset pd0 + PTE_P
    mov eax, cr4
    xor eax, CR4_PGE
    mov cr4, eax
    FAULT_PF(0, 0x40004000, mov eax, [ebx + 0x4000])
    PASS
PAGE(pdpt)
PAGE(pd0)
