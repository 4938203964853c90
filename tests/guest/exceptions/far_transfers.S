// Far jumps, calls and returns and iretq in 64-bit mode: what is pushed, selectors that fault, NT, bad frames.
// expect: exit 33
#include "long.inc"

.macro frame ss, sp, flags, cs, ip
    push \ss
    push \sp
    push \flags
    push \cs
    push \ip
.endm

guest_main:
    // far jump and call through memory
    jmp fword ptr [pointer]
    ud2
target:
    mov r14, rsp
    push KCS                                // 64-bit operand size: 8-byte items (only for returns on every vendor)
    push offset 1f
    retfq
    ud2
1:  CHECK(rsp, r14)
    call fword ptr [pointer32]              // 32-bit operand size: 4-byte pushes, retf
    CHECK(rcx, KCS)
    CHECK(rsp, r14)
    mov word ptr [pointer + 4], KDS
    FAULT(GP, KDS, jmp fword ptr [pointer])
    mov word ptr [pointer + 4], NPSEL
    FAULT(GP, NPSEL, jmp fword ptr [pointer])       // data, present or not: #GP
    mov word ptr [pointer + 4], 0
    FAULT(GP, 0, jmp fword ptr [pointer])
    mov word ptr [pointer + 4], 0x300
    FAULT(GP, 0x300, call fword ptr [pointer])
    mov word ptr [pointer + 4], UCS
    FAULT(GP, UCS & ~3, jmp fword ptr [pointer])    // RPL or DPL > CPL

    // retf and iretq to selectors that are not right: nothing popped
    push KDS
    push offset target
    FAULT(GP, KDS, retfq)
    add rsp, 16
    push 0
    push offset target
    FAULT(GP, 0, retfq)
    add rsp, 16
    mov r13, rsp
    frame KDS, r13, 2, KDS, "offset target"
    mov r14, rsp
    FAULT(GP, KDS, iretq)
    CHECK(rsp, r14)
    mov qword ptr [rsp + 8], 0
    FAULT(GP, 0, iretq)
    mov qword ptr [rsp + 8], UCS            // to ring 3 with a ring 0 stack
    FAULT(GP, KDS, iretq)
    mov qword ptr [rsp + 32], 0             // to ring 3 with a null stack
    FAULT(GP, 0, iretq)
    mov qword ptr [rsp + 8], KCS            // to ring 0 with a null stack: fine
    mov qword ptr [rsp], offset 1f
    iretq
1:  CHECK(rsp, r13)
    mov eax, KDS
    mov ss, eax

    // NT: #GP in long mode
    frame KDS, r13, 2, KCS, "offset 2f"
    pushfq
    or qword ptr [rsp], FL_NT
    popfq
    FAULT(GP, 0, iretq)
    pushfq
    and qword ptr [rsp], ~FL_NT
    popfq
    iretq
2:  CHECK(rsp, r13)

    // iretq restores what it pops: another stack pointer, flags, also those only ring 0 may change
    lea r12, [r13 - 0x100]
    frame KDS, r12, 0x243cd7, KCS, "offset 3f"
    iretq
3:  CHECK_FLAGS(FL_IOPL + FL_STATUS + FL_DF + FL_AC + FL_ID + 2, FL_IOPL + FL_STATUS + FL_DF + FL_AC + FL_ID + 2)
    CHECK(rsp, r12)
    frame KDS, r13, 0, KCS, "offset 4f"     // bit 1 reads as one all the same
    iretq
4:  CHECK_FLAGS(FL_IOPL + FL_STATUS + FL_DF + FL_AC + FL_ID + FL_IF + 2, 2)
    CHECK(rsp, r13)

    // iretq with a 32-bit operand size pops 4-byte items (a return to the same ring in 64-bit mode pops SS:ESP too)
    sub rsp, 32
    mov dword ptr [rsp], offset 5f
    mov dword ptr [rsp + 4], KCS
    mov dword ptr [rsp + 8], 2 + FL_CF
    mov [rsp + 12], r13d
    mov dword ptr [rsp + 16], KDS
    iretd
5:  CHECK(rsp, r13)
    CHECK_FLAGS(FL_STATUS, FL_CF)

    // ring 3 cannot return to ring 0, and cannot give itself IF or IOPL
    IN_USER(push KDS; push 0; push 2; push KCS; push 0; mov rbp, rsp; add rsp, 40)
    mov r12, rbp
    USER_FAULT(GP, KCS, mov rsp, r12; 771: iretq)
    RUN_USER(user_code)
    CHECK(rbx, 2)
    PASS
user_code:
    lea rax, [rip + 1f]
    mov rdx, rsp
    push UDS
    push rdx
    push FL_IOPL + FL_IF + 2
    push UCS
    push rax
    iretq
1:  pushfq
    pop rbx
    int 0x81
far_function32:
    mov ecx, [rsp + 4]
    retfd
    .data
    .balign 8
pointer: .long target
    .word KCS
pointer32: .long far_function32
    .word KCS
