// Single steps into and out of system calls: SYSCALL's own trap is gone if IA32_FMASK clears TF, and comes at the entry if
// not; SYSRET that sets TF traps at once.
// expect: exit 33
#include "long.inc"

guest_main:
    GATE(DB, on_step)
    mov rax, (UDS - 8) << 48 | KCS << 32
    WRMSR(MSR_STAR, rax)
    WRMSR(MSR_LSTAR, offset entry)
    WRMSR(MSR_SFMASK, FL_TF)

    // out: at the first instruction of the program, and after it
    xor r8d, r8d
    mov qword ptr [user_resume], offset 1f
    mov [user_ksp], rsp
    mov ecx, offset program + USER
    mov r11d, FL_TF + 2
    sysretq
1:  CHECK(r8, 2)
    CHECK([rips], offset program + USER)
    CHECK([rips + 8], offset program_end + USER)

    // in, without a trap there
    xor r8d, r8d
    mov qword ptr [user_resume], offset 1f
    mov ecx, offset caller + USER
    mov r11d, FL_TF + 2
    sysretq
1:  CHECK(r8, 1)
    CHECK([rips], offset caller + USER)

    // in, with one: TF is still set
    WRMSR(MSR_SFMASK, 0)
    xor r8d, r8d
    mov ecx, offset caller + USER
    mov r11d, FL_TF + 2
    sysretq
1:
    NOT_REACHED

entry:
    mov eax, 1
entry_end:
    cmp r8d, 1
    ja 1f
    mov rsp, [user_ksp]
    jmp [user_resume]
1:  push 2                                  // off before the check below
    popfq
    CHECK([rips + 8], offset entry)
    CHECK([rips + 16], offset entry_end)
    PASS

program:
    nop
program_end:
    int 0x81
caller:
    syscall
    NOT_REACHED

on_step:
    push rax
    mov rax, [rsp + 8]
    cmp r8d, 16
    jae 1f
    mov [rips + r8 * 8], rax
1:  inc r8d
    pop rax
    iretq
    .data
    .balign 8
rips: .skip 16 * 8
