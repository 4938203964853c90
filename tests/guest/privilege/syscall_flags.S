// The flags after syscall are those before it less SFMASK: status flags too.
// expect: exit 33
// qemu: skip TCG clears all status flags
#include "long.inc"

guest_main:
    mov rax, KCS
    shl rax, 32
    WRMSR(MSR_STAR, rax)
    mov rax, offset 1f
    WRMSR(MSR_LSTAR, rax)
    WRMSR(MSR_SFMASK, FL_CF + FL_DF)
    push FL_STATUS + FL_DF + 2
    popfq
    syscall
    NOT_REACHED
1:  CHECK_FLAGS(FL_STATUS + FL_DF, FL_STATUS - FL_CF)
    CHECK(r11, FL_STATUS + FL_DF + 2)
    // computed flags that nobody has looked at yet
    mov rax, offset 2f
    WRMSR(MSR_LSTAR, rax)
    mov eax, 0x80000000
    add eax, eax                            // CF, OF, ZF, PF
    syscall
2:  CHECK_FLAGS(FL_STATUS, FL_OF + FL_ZF + FL_PF)
    PASS
