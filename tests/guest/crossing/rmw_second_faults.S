// Read-modify-write over a page boundary with a missing second page: a write fault at the second page, nothing changed.
// expect: exit 33
// qemu: skip TCG does an unlocked read-modify-write as a load, then a store: W = 0 on a page that is not present
#include "long.inc"
#define SECOND WIN + 4096
#define UNCHANGED CHECK64(page_a + 0xff8, 0x1122334455667788); CHECK(rax, 0x77); CHECK_FLAGS(FL_STATUS, FL_ZF + FL_PF)

guest_main:
    mov rax, 0x1122334455667788
    mov [page_a + 0xff8], rax
    MAP(0, offset page_a + PTE_P + PTE_W)
    UNMAP(1)
    mov ebx, SECOND
    mov eax, 0x77
    mov ecx, 4
    xor edx, edx
    FAULT_PF(ERR_W, SECOND, add [rbx - 1], rax)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, lock xadd [rbx - 2], eax)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, xchg [rbx - 3], rax)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, cmpxchg [rbx - 3], rcx)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, shl word ptr [rbx - 1], cl)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, neg dword ptr [rbx - 3])
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, cmpxchg8b [rbx - 4])
    UNCHANGED
    PASS
PAGE(page_b)
PAGE(page_a)
