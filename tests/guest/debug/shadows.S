// After MOV SS debug exceptions wait for one instruction, after STI they do not: breakpoints and steps
// (SDM volume 3, 6.8.3).
// expect: exit 33
// qemu: skip TCG hits the breakpoint of an instruction after MOV SS, and drops the step after STI
#include "long.inc"
#include "debug.inc"
PAGE(page)

guest_main:
    GATE(DB, on_debug)
    xor eax, eax
    mov dr6, rax

    // an instruction right after MOV SS is not looked at
    SET_DR(0, offset 1f)
    SET_DR(1, offset 2f)
    SET_DR(7, DR7_EXECUTE(0) | DR7_EXECUTE(1))
    mov eax, KDS
    mov ss, eax
1:  nop
2:  nop
    DEBUG_HIT(2, 2b)

    // what MOV SS itself reads: after the next instruction
    mov edi, offset page
    mov dword ptr [rdi], KDS
    SET_DR(0, offset page)
    SET_DR(7, DR7_ACCESS(0, LEN2))
    mov ss, [rdi]
    nop
1:  DEBUG_HIT(1, 1b)

    mov ss, [rdi]
    mov rax, cr0                            // done in C++
1:  DEBUG_HIT(1, 1b)

    // STI
    SET_DR(0, offset 1f)
    SET_DR(7, DR7_EXECUTE(0))
    sti
1:  cli
    DEBUG_HIT(1, 1b)
    SET_DR(7, 0)
    pushfq
    or qword ptr [rsp], FL_TF
    popfq
    sti
    cli
    pushfq
    and qword ptr [rsp], ~FL_TF
    popfq
    CHECK([hits], 2 + 3)
    PASS
