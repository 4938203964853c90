// Accesses that run over the edge of the canonical half fault with #GP, whatever is mapped below it; jumps, calls and
// returns to a non-canonical address fault at the jump, with nothing pushed or popped. (Measured on AMD EPYC.)
// expect: exit 33
// qemu: skip TCG reports #PF for the first part of such an access and faults at the target of a jump
#include "long.inc"

guest_main:
    mov rax, 0x55
    mov rbx, 0x00007ffffffffffc
    FAULT(GP, 0, mov rax, [rbx + 1])
    FAULT(GP, 0, mov [rbx + 1], rax)
    FAULT(GP, 0, mov ax, [rbx + 3])
    FAULT(GP, 0, movups xmm0, [rbx - 7])
    CHECK(rax, 0x55)

    mov rbx, 0x0000800000000000
    mov r15, rsp
    FAULT(GP, 0, jmp rbx)
    FAULT(GP, 0, call rbx)
    CHECK(rsp, r15)
    mov [target], rbx
    FAULT(GP, 0, jmp [target])
    FAULT(GP, 0, call [target])
    CHECK(rsp, r15)
    push rbx
    mov r15, rsp
    FAULT(GP, 0, ret)
    FAULT(GP, 0, ret 16)
    CHECK(rsp, r15)
    pop rbx
    PASS
    .data
target: .quad 0
