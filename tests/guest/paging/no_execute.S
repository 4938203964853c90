// NX: a fetch faults with I = 1 at the target, loads and stores go on; NX at the PDE.
// expect: exit 33
#include "long.inc"

#define FETCH_FAULT(err) FAULT_AT(PF, err, WIN + 0x10, jmp rbx); CHECK([fault_cr2], WIN + 0x10)

guest_main:
    mov dword ptr [page + 0x10], 0x90c3c3c3         // ret
    mov ebx, WIN + 0x10
    MAP(0, offset page + PTE_P + PTE_W)
    call rbx
    MAPNX(0, offset page + PTE_P + PTE_W)
    FETCH_FAULT(ERR_P + ERR_I)
    mov rax, [rbx]
    mov [rbx], rax
    MAP(0, offset page + PTE_P + PTE_W)
    call rbx
    bts qword ptr [pd1 + 384 * 8], 63               // NX at the PDE
    FLUSH_TLB
    FETCH_FAULT(ERR_P + ERR_I)
    btr qword ptr [pd1 + 384 * 8], 63
    FLUSH_TLB
    call rbx

    UNMAP(0)
    FETCH_FAULT(ERR_I)                              // not present: I = 1, P = 0
    PASS
PAGE(page)
