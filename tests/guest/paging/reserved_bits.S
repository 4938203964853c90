// Reserved bits in page-table entries: #PF with RSV and P set; one in an entry that is not present does not matter.
// expect: exit 33
// qemu: skip TCG leaves P out of the error code when a reserved bit is set (SDM vol. 3, 4.7: P = 1)
#include "long.inc"

guest_main:
    mov ebx, WIN
    MAP(0, offset page + PTE_P + PTE_W)
    mov rax, [rbx]
    bts qword ptr [test_pt], 51                     // beyond MAXPHYADDR on every model we promise
    invlpg [rbx]
    FAULT_PF(ERR_P + ERR_RSV, WIN, mov rax, [rbx])
    FAULT_PF(ERR_P + ERR_RSV + ERR_W, WIN, mov [rbx], rax)
    CHECK_PTE(0, PTE_D, 0)
    USER_FAULT_PF(ERR_P + ERR_RSV + ERR_U, WIN, mov rax, [rbx])
    btr qword ptr [test_pt], 0
    invlpg [rbx]
    FAULT_PF(0, WIN, mov rax, [rbx])

    // a 2 MiB page with a misaligned frame: bits 13-20 are reserved
    mov rax, [pd0 + 8]
    or rax, 0x2000
    mov [pd0 + 8 * 100], rax
    FLUSH_TLB
    mov ebx, 0x200000 * 100
    FAULT_PF(ERR_P + ERR_RSV, rbx, mov rax, [rbx])
    // PS in a PML4E
    mov rax, [pml4]
    or rax, PTE_PS
    mov [pml4 + 8 * 9], rax
    FLUSH_TLB
    mov rbx, 9 << 39
    FAULT_PF(ERR_P + ERR_RSV, rbx, mov rax, [rbx])
    PASS
PAGE(page)
