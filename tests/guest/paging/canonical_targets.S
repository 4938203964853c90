// Jumps to addresses that no code can have, and stack accesses at the middle of the hole: values that the engine might
// use as marks of its own. Misaligned vectors on the stack stay #GP.
// expect: exit 33
// qemu: skip TCG faults at the target of a jump, and reports #GP for the stack
#include "long.inc"

guest_main:
    mov edx, offset somewhere
    call rdx
    FLUSH_TLB
    mov rbx, 0x7fffffffffffffff
    FAULT(GP, 0, jmp rbx)
    FAULT(GP, 0, call rbx)
    dec rbx
    FAULT(GP, 0, jmp rbx)
    mov rbx, 0x8000000000000000
    FAULT(GP, 0, jmp rbx)
    mov rbx, 0xfffffffffffff
    FAULT(GP, 0, call rbx)

    GATE_ATTR(SS_, exception_stubs + 12 * 16, 0x8e01)
    mov r14, 0x8000000000000010
    FLUSH_TLB
    FAULT_RSP(SS_, 0, r14, mov rax, [rsp + 16])
    FAULT_RSP(SS_, 0, r14, pop rax)
    FAULT_RSP(SS_, 0, r14, push rax)
    FAULT_RSP(SS_, 0, r14, mov rax, [rsp]; mov rcx, [rsp + 8]; mov [rsp + 16], rdx)
    FAULT_RSP(SS_, 0, r14, call somewhere)
    FAULT_RSP(SS_, 0, r14, ret)
    FAULT(GP, 0, movaps xmm0, [rsp - 24])
    FLUSH_TLB
    FAULT(GP, 0, movaps xmm0, [rsp - 24])
    PASS
somewhere:
    ret
