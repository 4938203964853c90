// Addresses that are not canonical through RSP or RBP as the base, and of the stack itself: #SS(0).
// expect: exit 33
// qemu: skip TCG reports #GP for these
#include "long.inc"

guest_main:
    mov rax, 0x55
    mov rbx, 0x1234567800000000
    mov rbp, 0x0000900000000000
    FAULT(SS_, 0, mov rax, [rbp + 8])
    FAULT(SS_, 0, mov [rbp], rax)
    FAULT(GP, 0, mov rax, [rbx + rbp])              // the base decides, not the index
    GATE_ATTR(SS_, exception_stubs + 12 * 16, 0x8e01)       // on its own stack: ours is no good
    mov r14, 0x0000a00000000000
    FAULT_RSP(SS_, 0, r14, push rax)
    FAULT_RSP(SS_, 0, r14, pop rax)
    CHECK(rax, 0x55)
    FAULT_RSP(SS_, 0, r14, mov rax, [rsp + 16])
    FAULT_RSP(SS_, 0, r14, call guest_main)
    FAULT_RSP(SS_, 0, r14, ret)
    FAULT_RSP(SS_, 0, r14, pushfq)
    PASS
