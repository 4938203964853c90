// #DF: a fault while a contributory exception or a page fault is delivered; error code 0; on its IST stack.
// expect: exit 33
#include "long.inc"

guest_main:
    GATE_ATTR(DF, exception_stubs + DF * 16, 0x8e02)
    UNMAP(0)
    mov r14d, WIN + 0x800
    xor ecx, ecx
    // contributory, then contributory: #DE or #GP whose gate is not usable
    mov word ptr [idt + DE * 16 + 2], KDS
    FAULT_ANY(DF, 0, div ecx)
    mov word ptr [idt + DE * 16 + 2], KCS
    mov rbx, 0x0000900000000000
    mov word ptr [idt + GP * 16 + 2], KDS
    FAULT_ANY(DF, 0, mov rax, [rbx])
    mov word ptr [idt + GP * 16 + 2], KCS
    // page fault, then contributory
    mov byte ptr [idt + PF * 16 + 5], 0x0e
    FAULT_ANY(DF, 0, mov rax, [WIN])
    CHECK(rsp, offset stack_top)
    mov byte ptr [idt + PF * 16 + 5], 0x8e
    // page fault, then page fault: the kernel's stack is missing (the commonest of all: a stack overflow)
    mov r15, rsp
    mov rsp, r14
    fault_arm_ 1f
    push rax
1:  mov rsp, r15
    CHECK([fault_vec], DF)
    CHECK([fault_err], 0)
    CHECK([fault_rsp], r14)
    CHECK([fault_cr2], WIN + 0x7f8)
    PASS
