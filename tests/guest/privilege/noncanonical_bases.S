// Base and target MSRs (of syscall) and wrfsbase/wrgsbase take canonical addresses only: #GP(0), the old value stays.
// expect: exit 33
// qemu: skip TCG does not check
#include "long.inc"

guest_main:
    CR_SET(cr4, CR4_FSGSBASE)
    mov rax, 0x8000000000000000
    FAULT(GP, 0, wrfsbase rax)
    FAULT(GP, 0, wrgsbase rax)
    .irp msr, MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_LSTAR, MSR_CSTAR
    WRMSR(\msr, 0x1000)
    mov ecx, \msr
    mov edx, 0x8000
    xor eax, eax
    FAULT(GP, 0, wrmsr)
    RDMSR(\msr)
    CHECK(rax, 0x1000)
    .endr
    PASS
