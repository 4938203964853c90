// Pages that are not present: the error code says what was tried, CR2 where; nothing is loaded or stored.
// expect: exit 33
#include "long.inc"

guest_main:
    UNMAP(0)
    mov rax, 0x1111222233334444
    mov rbx, 0x5555
    FAULT_PF(0, WIN + 0x123, mov rax, [WIN + 0x123])
    CHECK(rax, 0x1111222233334444)
    FAULT_PF(ERR_W, WIN + 8, mov [WIN + 8], rax)
    FAULT_PF(0, WIN + 24, cmp [WIN + 24], rax)
    FAULT_PF(0, WIN + 32, add rax, [WIN + 32])
    CHECK(rax, 0x1111222233334444)
    FAULT_PF(0, WIN + 0xfff, mov al, [WIN + 0xfff])
    USER_FAULT_PF(ERR_U, WIN + 64, mov rax, [WIN + 64])
    USER_FAULT_PF(ERR_U + ERR_W, WIN + 72, mov [WIN + 72], rax)
    CHECK(rax, 0x1111222233334444)

    // higher levels: no PDE, no PDPTE, no PML4E
    mov rbx, WIN + 0x400000 - 0x70000000 + 0x80000000   // PDPT[2] is empty
    FAULT_PF(0, rbx, mov rax, [rbx])
    mov rbx, 0x0000123456789abc                         // PML4[0x24] is empty
    FAULT_PF(ERR_W, rbx, mov dword ptr [rbx], 7)
    mov rbx, 0xffff800000000000
    FAULT_PF(0, rbx, mov rax, [rbx])
    mov rbx, WIN2
    mov qword ptr [pd1 + 385 * 8], 0
    FLUSH_TLB
    FAULT_PF(0, rbx, mov rax, [rbx])

    // the same instruction again, once the page is there
    MAP(0, offset page + PTE_P + PTE_W)
    mov qword ptr [page + 8], 42
    mov rax, [WIN + 8]
    CHECK(rax, 42)
    PASS
PAGE(page)
