// Without XSAVES in the CPU model, it, XRSTORS and IA32_XSS are not there; XSAVEC is.
// expect: exit 33
// cpu-model: x86-64-v3
// needs: avx2
// qemu: skip TCG has no XSAVEC
#include "long.inc"

guest_main:
    mov eax, 0xd
    mov ecx, 1
    cpuid
    and eax, 0xf
    CHECK(rax, 7)
    mov ebx, offset area
    mov eax, 7
    xor edx, edx
    xsavec64 [rbx]
    FAULT(UD, 0, xsaves64 [rbx])
    FAULT(UD, 0, xsaves [rbx])
    FAULT(UD, 0, xrstors64 [rbx])
    FAULT(UD, 0, xrstors [rbx])
    USER_FAULT(UD, 0, xsaves64 [rbx])
    mov ecx, 0xda0
    FAULT(GP, 0, rdmsr)
    xor eax, eax
    FAULT(GP, 0, wrmsr)
    PASS

    .data
    .balign 64
area: .skip 1024
