// Which stack an exception or interrupt gets: RSP0 from ring 3, the same one (aligned to 16) from ring 0, an IST always;
// TSS fields are read at delivery; nested ring 3 -> ring 0 -> exception; error codes and their place.
// expect: exit 33
#include "long.inc"

guest_main:
    GATE_ATTR(0x50, report_stack, 0xee00)
    GATE_ATTR(0x51, report_stack, 0xee01)
    GATE_ATTR(0x52, report_stack, 0xee02)
    mov r12, rsp
    int 0x50

    mov r13, r12
    and r13, -16
    sub r13, 40                             // the frame begins at an aligned address
    CHECK(rbx, r13)
    int 0x51
    CHECK(rbx, offset ist1_top - 40)
    CHECK(rcx, r12)
    IN_USER(int 0x50)
    CHECK(rbx, offset ring0_stack_top - 40)
    IN_USER(int 0x52)
    CHECK(rbx, offset ist2_top - 40)
    CHECK(rcx, offset user_stack_top + USER)
    // a new RSP0 counts at once, without ltr
    mov qword ptr [tss + 4], offset other_top
    IN_USER(int 0x50)
    CHECK(rbx, offset other_top - 40)
    // an IST that is not a multiple of 16 is aligned down
    mov qword ptr [tss + 0x24], offset other_top - 4
    int 0x51
    CHECK(rbx, offset other_top - 16 - 40)
    // at the next smaller alignment
    sub rsp, 8
    int 0x50
    mov rcx, rsp
    add rsp, 8
    lea rax, [r12 - 8]
    and rax, -16
    sub rax, 40
    sub rax, rbx
    CHECK(rax, 0)

    // an error code is pushed below RIP; the frame from ring 3
    GATE(GP, report_error)
    mov qword ptr [tss + 4], offset ring0_stack_top
    IN_USER(mov ecx, 0x50; nop; .globl bad; bad: hlt; nop)
    CHECK(rbx, offset ring0_stack_top - 48)
    CHECK(rcx, 0)
    CHECK(rdx, offset bad + USER)
    CHECK(rsi, UCS)
    CHECK(rdi, UDS)
    PASS
report_stack:
    mov rbx, rsp
    mov rcx, [rsp + 24]
    iretq
report_error:
    mov rbx, rsp
    mov rcx, [rsp]
    mov rdx, [rsp + 8]
    mov rsi, [rsp + 16]
    mov rdi, [rsp + 40]
    inc qword ptr [rsp + 8]                 // skips the hlt
    add rsp, 8
    iretq
    .bss
    .balign 16
    .skip 512
other_top:
    .skip 16
