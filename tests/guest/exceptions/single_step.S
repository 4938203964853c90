// TF: one #DB after every instruction, with DR6.BS; taken jumps, calls, string iterations, popf, mov ss, iret.
// expect: exit 33
#include "long.inc"

.macro step_begin
    xor r8d, r8d
    pushfq
    or qword ptr [rsp], FL_TF
    popfq                                   // takes effect after the next instruction
.endm
.macro step_end
    pushfq
    and qword ptr [rsp], ~FL_TF
    popfq                                   // (pushfq, and, popfq: three more steps)
.endm

guest_main:
    GATE(DB, on_step)
    xor eax, eax
    mov dr6, rax
    step_begin
    nop
    step_end
    CHECK(r8, 1 + 3)
    mov rax, dr6
    and eax, 0x400f
    CHECK(rax, 0x4000)

    // RIPs of a straight line, each one once
    step_begin
    mov eax, 1
1:  add eax, 2
2:  mov [scratch], eax
3:  lea ecx, [rax + rax]
4:  step_end
    CHECK(r8, 7)
    CHECK([rips], offset 1b)
    CHECK([rips + 8], offset 2b)
    CHECK([rips + 16], offset 3b)
    CHECK([rips + 24], offset 4b)
    CHECK(rcx, 6)

    // jumps, calls and returns
    step_begin
    jmp 1f
    ud2
1:  call function
    step_end
    CHECK(r8, 3 + 3)
    CHECK([rips + 8], offset function)

    // a loop: each turn two steps
    mov ecx, 5
    step_begin
1:  dec ecx
    jnz 1b
    step_end
    CHECK(r8, 10 + 3)

    // rep: a step for each iteration, at the instruction itself until the last
    mov ecx, 3
    mov edi, offset scratch
    mov eax, 7
    step_begin
1:  rep stosb
2:  step_end
    CHECK(r8, 3 + 3)
    CHECK([rips], offset 1b)
    CHECK([rips + 8], offset 1b)
    CHECK([rips + 16], offset 2b)
    CHECK(rcx, 0)

    // loading SS delays the trap by one instruction
    mov eax, KDS
    step_begin
    mov ss, eax
    nop
1:  step_end
    CHECK(r8, 1 + 3)
    CHECK([rips], offset 1b)

    // int n: the handler runs without TF, then the trap comes back at... the instruction after iret
    GATE(0x50, plain)
    step_begin
    int 0x50
1:  nop
2:  step_end
    CHECK(r8, 1 + 3)
    CHECK([rips], offset 2b)
    // a fault in a stepped instruction: its own exception, no step for it
    MAP(0, 0)
    mov edi, WIN
    step_begin
    FAULT_ANY(PF, 0, mov rax, [rdi])
    step_end
    PASS

function:
    ret
plain:
    iretq
on_step:
    push rax
    mov rax, [rsp + 8]
    cmp r8d, 32
    jae 1f
    mov [rips + r8 * 8], rax
1:  inc r8d
    pop rax
    iretq
    .data
    .balign 8
scratch: .quad 0
rips: .skip 32 * 8
