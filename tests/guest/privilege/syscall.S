// syscall and sysret: RCX, R11, SFMASK, selectors from STAR without descriptors, RSP kept; in ring 0 too; a storm of them
// with flags live; #UD without EFER.SCE.
// expect: exit 33
#include "long.inc"
#define USER_FLAGS FL_CF + FL_SF + FL_OF + FL_DF + FL_ID

guest_main:
    mov rax, (0x18 + 3) << 16 | KCS
    shl rax, 32
    WRMSR(MSR_STAR, rax)
    WRMSR(MSR_LSTAR, offset entry)
    WRMSR(MSR_SFMASK, FL_IF + FL_DF + FL_TF + FL_CF)

    mov qword ptr [user_resume], offset back
    mov [user_ksp], rsp
    mov r12, rsp
    // into ring 3 by sysretq
    mov rcx, offset user_code + USER
    mov r11d, USER_FLAGS + 2
    mov rsp, offset user_stack_top + USER
    sysretq
back:
    cld
    CHECK(r8, USER_FLAGS + 2)               // R11 = RFLAGS
    CHECK(r9, offset after_syscall + USER)  // RCX = RIP
    CHECK(r10, offset user_stack_top + USER)
    CHECK(r13, KCS)
    CHECK(r14, KDS)
    and edi, ~FL_STATUS                     // (for those see syscall_flags.S)
    CHECK(rdi, FL_ID + 2)                   // in the kernel: less SFMASK
    CHECK(rsi, UCS)
    CHECK(rbp, UDS)
    CHECK(rbx, USER_FLAGS + 2)              // and back in ring 3: all of R11
    CHECK(rsp, r12)

    // many
    mov ebx, 5000
    xor r15d, r15d
    WRMSR(MSR_LSTAR, offset quick_entry)
    RUN_USER(storm)
    CHECK(r15, 5001)

    // from ring 0: the same, no change of privilege
    WRMSR(MSR_LSTAR, offset ring0_entry)
    mov r12, rsp
    syscall
1:  NOT_REACHED
ring0_entry:
    CHECK(rcx, offset 1b)
    CHECK(rsp, r12)

    // switched off
    RDMSR(MSR_EFER)
    and eax, ~EFER_SCE
    WRMSR(MSR_EFER, rax)
    FAULT(UD, 0, syscall)
    USER_FAULT(UD, 0, syscall)
    FAULT(UD, 0, sysretq)
    or eax, EFER_SCE
    WRMSR(MSR_EFER, rax)
    PASS

user_code:
    mov esi, cs
    mov ebp, ss
    syscall
after_syscall:
    pushfq
    pop rbx
    int 0x81
entry:
    pushfq                                  // on the user's stack: RSP is as it was
    pop rdi
    mov r8, r11
    mov r9, rcx
    mov r10, rsp
    mov r13d, cs
    mov r14d, ss
    sysretq

storm:
    cmp ebx, 1                              // flags over the system call: R11 brings them back
    syscall
    jb 2f
    dec ebx
    jmp storm
2:  int 0x81
quick_entry:
    inc r15
    sysretq
