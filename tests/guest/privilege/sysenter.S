// sysenter and sysexit in 64-bit mode: target and stack from MSRs, IF cleared, selectors implied; sysexit to 64 bits.
// #GP(0) with SYSENTER_CS = 0. AMD has neither in long mode: #UD if CPUID's vendor is AMD.
// expect: exit 33
// qemu-cpu: vendor=GenuineIntel
// kvm: skip on AMD, KVM's emulator has no SYSENTER in 64-bit mode, and so stops
#include "long.inc"

guest_main:
    xor eax, eax
    cpuid
    cmp ecx, 0x444d4163                     // Authenti-cAMD
    jne 1f
    FAULT(UD, 0, sysenter)
    FAULT(UD, 0, sysexitd)
    USER_FAULT(UD, 0, sysenter)
    PASS
1:  USER_FAULT(GP, 0, sysexitd)
    WRMSR(MSR_SYSENTER_CS, 0)
    FAULT(GP, 0, sysenter)
    FAULT(GP, 0, sysexitd)
    WRMSR(MSR_SYSENTER_CS, KCS)
    mov rax, offset entry
    WRMSR(MSR_SYSENTER_EIP, rax)
    mov rax, offset ring0_stack_top
    WRMSR(MSR_SYSENTER_ESP, rax)
    pushfq
    or qword ptr [rsp], FL_IOPL
    popfq
    RUN_USER(user_code)
    CHECK(r8, offset ring0_stack_top)
    CHECK(r9, KCS)
    CHECK(r10, KDS)
    CHECK(r11, 0)
    CHECK(rsi, KCS + 32 + 3)                // 64-bit: CS + 32, SS + 40
    CHECK(rdi, KCS + 40 + 3)
    CHECK(rbp, offset user_stack_top + USER - 64)
    PASS
user_code:
    sti
    stc
    sysenter
    ud2
entry:
    mov r8, rsp
    mov r9d, cs
    mov r10d, ss
    pushfq
    pop r11
    and r11d, FL_IF
    mov rdx, offset user_back + USER
    mov rcx, offset user_stack_top + USER - 64
    sysexitq
user_back:
    cli
    mov esi, cs
    mov edi, ss
    mov rbp, rsp
    int 0x81
