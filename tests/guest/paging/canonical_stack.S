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
    .macro with_bad_rsp_ line, insn
    GATE_ATTR(SS_, exception_stubs + 12 * 16, 0x8e01)       // on its own stack: ours is no good
    mov r15, rsp
    mov rsp, 0x0000a00000000000
    mov dword ptr [chk_line], \line
    fault_arm_ 1f
    \insn
1:  mov rsp, r15
    check_ [fault_vec], SS_, \line
    check_ [fault_err], 0, \line
    .endm
#define BAD_RSP(...) with_bad_rsp_ __LINE__, STR(__VA_ARGS__)
    BAD_RSP(push rax)
    BAD_RSP(pop rax)
    CHECK(rax, 0x55)
    BAD_RSP(mov rax, [rsp + 16])
    BAD_RSP(call guest_main)
    BAD_RSP(ret)
    BAD_RSP(pushfq)
    PASS
