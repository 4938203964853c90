// EFER.NXE off: bit 63 of an entry is reserved, for loads too, and the error codes of fetches have no I bit.
// expect: exit 33
// qemu: skip TCG leaves P out of the error code when a reserved bit is set (SDM vol. 3, 4.7: P = 1)
#include "long.inc"

#define FETCH_FAULT(err) FAULT_AT(PF, err, WIN + 0x10, jmp rbx); CHECK([fault_cr2], WIN + 0x10)

guest_main:
    mov dword ptr [page + 0x10], 0x90c3c3c3         // ret
    mov ebx, WIN + 0x10
    UNMAP(0)
    mov ecx, MSR_EFER
    rdmsr
    and eax, ~EFER_NXE
    wrmsr
    FLUSH_TLB
    FETCH_FAULT(0)
    MAPNX(0, offset page + PTE_P + PTE_W)
    FAULT_PF(ERR_P + ERR_RSV, WIN + 0x10, mov rax, [rbx])
    FAULT_PF(ERR_P + ERR_RSV + ERR_W, WIN + 0x10, mov [rbx], rax)
    FETCH_FAULT(ERR_P + ERR_RSV)
    MAP(0, offset page + PTE_P + PTE_W)
    call rbx
    PASS
PAGE(page)
