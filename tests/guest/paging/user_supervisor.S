// Supervisor pages from ring 3: loads, stores, fetches; U/S at each level; the same page warm from ring 0.
// expect: exit 33
#include "long.inc"

guest_main:
    mov ebx, WIN
    mov rax, 0x99
    MAP(0, offset page + PTE_P + PTE_W)
    mov [rbx], rax
    USER_FAULT_PF(ERR_P + ERR_U, WIN, mov rcx, [rbx])
    USER_FAULT_PF(ERR_P + ERR_U + ERR_W, WIN, mov [rbx], rbx)
    mov rcx, [rbx]
    CHECK(rcx, 0x99)

    // kernel code is not for ring 3 (EFER.NXE is on, so a fetch shows as I = 1)
    mov rdx, offset guest_main
    FAULT_AT(PF, ERR_P + ERR_U + ERR_I, offset guest_main, IN_USER(jmp rdx))
    CHECK([fault_cr2], offset guest_main)
    CHECK([fault_cs], UCS)

    // user at the PTE, supervisor at the PDE: supervisor
    MAP(0, offset page + PTE_P + PTE_W + PTE_U)
    IN_USER(mov rcx, [rbx]; inc qword ptr [rbx])
    CHECK(rcx, 0x99)
    CHECK64(page, 0x9a)
    and qword ptr [pd1 + 384 * 8], ~PTE_U
    FLUSH_TLB
    mov rcx, [rbx]
    USER_FAULT_PF(ERR_P + ERR_U, WIN, mov rcx, [rbx])
    or qword ptr [pd1 + 384 * 8], PTE_U
    and qword ptr [pml4], ~PTE_U            // then ring 3 has nothing at all, not even its code
    FLUSH_TLB
    FAULT_AT(PF, ERR_P + ERR_U + ERR_I, offset user_nop + USER, RUN_USER(user_nop))
    PASS
user_nop:
    nop
    int 0x81
PAGE(page)
