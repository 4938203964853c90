// int3 and int n: traps with RIP after the instruction; an interrupt gate clears IF, a trap gate does not; from ring 3 the stack switches.
// expect: exit 33
#include "long.inc"

guest_main:
    TRAP(BP, 0, int3)
    TRAP(BP, 0, .byte 0xcd, 0x03)
    TRAP(0x40, 0, int 0x40)
    TRAP(DE, 0, int 0)

    fault_arm_ 1f
    IN_USER(int3; .globl user_int3; user_int3: nop)
1:  CHECK([fault_vec], BP)
    CHECK([fault_rip], offset user_int3 + USER)
    CHECK([fault_cs], UCS)
    CHECK([fault_ss], UDS)
    CHECK([fault_rsp], offset user_stack_top + USER)

    // IF: interrupt gate and trap gate; the frame; RSP aligned down to 16
    GATE_ATTR(0x55, handler, 0xee00)
    GATE_ATTR(0x56, handler, 0xef00)
    mov r15, rsp
    sub rsp, 24 - 16
    mov r14, rsp
    sti
    int 0x55
    CHECK_FLAGS(FL_IF, FL_IF)
    cli
    CHECK(rbx, 0)
    CHECK(rcx, r14)
    lea r13, [r14]
    and r13, -16
    sub r13, 40
    CHECK(rsi, r13)
    sti
    int 0x56
    cli
    CHECK(rbx, FL_IF)
    mov rsp, r15
    IN_USER(int 0x55)
    CHECK(rcx, offset user_stack_top + USER)
    CHECK(rsi, offset ring0_stack_top - 40)
    CHECK(rdi, UCS)
    PASS
handler:
    pushfq
    pop rbx
    and ebx, FL_IF + FL_TF + FL_NT
    mov rsi, rsp
    mov rdi, [rsp + 8]
    mov rcx, [rsp + 24]
    iretq
