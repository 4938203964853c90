// SMEP: ring 0 does not run user pages. SMAP: ring 0 does not touch them unless AC is set; ring 3 is not concerned.
// expect: exit 33
#include "long.inc"

guest_main:
    NEED_CPUID(7, ebx, 7)
    NEED_CPUID(7, ebx, 20)
    mov ebx, WIN
    MAP(0, offset page + PTE_P + PTE_W + PTE_U)
    mov byte ptr [page], 0xc3
    call rbx                                        // warm, both off
    mov rax, [rbx]
    CR_SET(cr4, CR4_SMEP)
    FAULT_AT(PF, ERR_P + ERR_I, WIN, jmp rbx)
    CHECK([fault_cr2], WIN)
    mov rax, [rbx]
    IN_USER(call rbx)
    CR_CLEAR(cr4, CR4_SMEP)
    call rbx

    CR_SET(cr4, CR4_SMAP)
    call rbx                                        // fetches are SMEP's business
    FAULT_PF(ERR_P, WIN + 8, mov rax, [rbx + 8])
    FAULT_PF(ERR_P + ERR_W, WIN + 8, mov [rbx + 8], rax)
    stac
    mov rax, [rbx + 8]
    mov qword ptr [rbx + 8], 5
    CHECK_FLAGS(FL_AC, FL_AC)
    clac
    CHECK_FLAGS(FL_AC, 0)
    FAULT_PF(ERR_P, WIN + 8, mov rax, [rbx + 8])
    IN_USER(mov rax, [rbx + 8]; inc qword ptr [rbx + 8])
    CHECK(rax, 5)
    FAULT_PF(ERR_P, WIN + 8, mov rax, [rbx + 8])

    // AC by popfq opens it too; an interrupt gate does not clear AC, so the handler's own stac state is not ours to see
    pushfq
    or dword ptr [rsp], FL_AC
    popfq
    mov rax, [rbx + 8]
    CHECK(rax, 6)
    pushfq
    and dword ptr [rsp], ~FL_AC
    popfq
    FAULT_PF(ERR_P, WIN + 8, mov rax, [rbx + 8])

    // supervisor pages stay open, implicit accesses (GDT in a user page is rare; the stack) are always checked
    MAP(1, offset page + PTE_P + PTE_W)
    mov rax, [rbx + 4096 + 8]
    CHECK(rax, 6)
    CR_CLEAR(cr4, CR4_SMAP)
    mov rax, [rbx + 8]
    CHECK(rax, 6)
    USER_FAULT(UD, 0, stac)                         // CPL > 0: #UD
    PASS
PAGE(page)
