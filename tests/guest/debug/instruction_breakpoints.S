// Instruction breakpoints: a fault before the instruction, once; RF lets it go on; every way of getting there; changing
// and disabling them; in the middle of a loop and of a straight line; GD; DR6 keeps what nobody clears.
// expect: exit 33
// qemu: skip TCG hits the breakpoint of a repeated string instruction again at each iteration
#include "long.inc"
#include "debug.inc"

guest_main:
    GATE(DB, on_debug)
    xor eax, eax
    mov dr6, rax

    // one in a straight line: before the instruction, and then it is executed
    SET_DR(0, offset 1f)
    SET_DR(7, DR7_EXECUTE(0))
    mov ecx, 1
    mov [kept], rcx
    add ecx, 1
1:  add ecx, 2
    add ecx, 3
    CHECK(rcx, 7)
    DEBUG_HIT(1, 1b)
    mov rax, [hit_flags]
    and eax, FL_RF
    CHECK(rax, 0)                           // a breakpoint's own frame has RF as it was

    // each time that a loop comes by; by jump, call, return and fall-through
    SET_DR(1, offset 2f)
    SET_DR(2, offset called)
    SET_DR(3, offset 3f)
    SET_DR(7, DR7_EXECUTE(1) | DR7_EXECUTE(2) | DR7_EXECUTE(3))
    mov ecx, 5
2:  dec ecx
    jnz 2b
    CHECK([hits], 5)
    CHECK([hit_dr6], 2)
    mov qword ptr [hits], 0
    call called
3:  nop
    CHECK([hits], 2)
    CHECK([hit_dr6], 8)
    CHECK([hit_rip], offset 3b)
    mov qword ptr [hits], 0
    mov eax, offset called
    call rax
    DEBUG_HIT(4, called)

    // without the handler's RF it would come again: RF in a frame that IRET takes holds for one instruction
    SET_DR(0, offset 4f)
    SET_DR(7, DR7_EXECUTE(0))
    xor r12d, r12d
    mov rax, rsp
    push KDS
    push rax
    pushfq
    or qword ptr [rsp], FL_RF
    push KCS
    push offset 4f
    iretq
4:  nop
    inc r12d
    cmp r12d, 2
    je 5f
    DEBUG_NONE
    jmp 4b
5:  DEBUG_HIT(1, 4b)

    // two breakpoints at one address; not enabled ones say nothing
    SET_DR(0, offset 8f)
    SET_DR(1, offset 9f)
    SET_DR(2, offset 8f)
    SET_DR(7, DR7_EXECUTE(0) | DR7_EXECUTE(2))
8:  nop
9:  nop
    DEBUG_HIT(5, 8b)

    // off again, at the code that was hit before
    SET_DR(7, 0)
    mov ecx, 3
    jmp 2f
2:  call called
    dec ecx
    jnz 2b
    DEBUG_NONE

    // before a fault of the instruction itself; and its frame has RF, so that the handler's IRET does not hit it again
    UNMAP(0)
    SET_DR(0, offset 3f)
    SET_DR(7, DR7_EXECUTE(0))
    mov edi, WIN
    mov qword ptr [fault_vec], -1
    mov qword ptr [fault_resume], offset 4f
3:  mov rax, [rdi]
4:  CHECK([fault_vec], PF)
    DEBUG_HIT(1, 3b)
    mov rax, [fault_flags]
    and eax, FL_RF
    CHECK(rax, FL_RF)

    // a system instruction, a string instruction: once before all its iterations
    SET_DR(0, offset 1f)
    SET_DR(1, offset 2f)
    SET_DR(7, DR7_EXECUTE(0) | DR7_EXECUTE(1))
1:  mov rax, cr0
    DEBUG_HIT(1, 1b)
    mov edi, offset buffer
    mov ecx, 64
    mov eax, 3
2:  rep stosb
    DEBUG_HIT(2, 2b)
    CHECK(rcx, 0)

    // and a step over a repeated one: RF between two iterations, so still once
    SET_DR(0, offset 3f)
    SET_DR(7, DR7_EXECUTE(0))
    mov edi, offset buffer
    mov ecx, 3
    pushfq
    or qword ptr [rsp], FL_TF
    popfq
3:  rep stosb                               // the breakpoint, and three steps
    pushfq
    and qword ptr [rsp], ~FL_TF
    popfq
    CHECK([hits], 1 + 3 + 3)
    CHECK(rcx, 0)
    mov qword ptr [hits], 0

    // in ring 3, by linear address
    SET_DR(0, offset user_add + USER)
    SET_DR(7, DR7_EXECUTE(0))
    RUN_USER(user_code)
    DEBUG_HIT(1, user_add + USER)
    CHECK(rcx, 3)
    jmp 2f
user_code:
    mov ecx, 1
user_add:
    add ecx, 2
    int 0x81
2:
    // general detect: an access to a debug register faults, before it; entering the handler clears GD
    SET_DR(7, DR7_GD)
1:  mov rcx, dr0
    CHECK([hits], 1)
    CHECK([hit_dr6], DR6_BD)
    CHECK([hit_rip], offset 1b)
    CHECK(rcx, offset user_add + USER)
    mov rax, dr7
    CHECK(rax, 0x400)
    mov qword ptr [hits], 0

    // INT1 goes to the same gate and says nothing in DR6
    .byte 0xf1
1:  DEBUG_HIT(0, 1b)
    SET_DR(7, 0)
    // DR6 is cleared by nobody but the handler
    GATE(DB, on_debug_lazy)
    SET_DR(0, offset 1f)
    SET_DR(1, offset 2f)
    SET_DR(7, DR7_EXECUTE(0) | DR7_EXECUTE(1))
1:  nop
2:  nop
    SET_DR(7, 0)
    mov rax, dr6
    and eax, 15
    CHECK(rax, 3)
    PASS

    .balign 64
called:
    ret
on_debug_lazy:
    or dword ptr [rsp + 16], FL_RF
    iretq
    .data
    .balign 8
kept: .quad 0
buffer: .skip 64
