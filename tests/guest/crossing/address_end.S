// The last bytes of the address space, where nothing is mapped, and accesses that run over its end: page faults there,
// whether flags are live or not.
// expect: exit 33
#include "long.inc"

guest_main:
    mov rdi, -4

    // a flag is live over the access
    fault_arm_ 2f
    stc
1:  mov rax, [rdi]
    adc ecx, 0
    NOT_REACHED
2:  fault_check_ PF, 0, 1b, __LINE__
    check_ [fault_cr2], -4, __LINE__

    fault_arm_ 4f
    stc
3:  mov [rdi], rax
    adc ecx, 0
    NOT_REACHED
4:  fault_check_ PF, 2, 3b, __LINE__
    check_ [fault_cr2], -4, __LINE__

    // none is
    fault_arm_ 6f
5:  mov rax, [rdi]
    xor ecx, ecx
    NOT_REACHED
6:  fault_check_ PF, 0, 5b, __LINE__

    // inside the last page
    fault_arm_ 8f
    stc
7:  mov eax, [rdi]
    adc ecx, 0
    NOT_REACHED
8:  fault_check_ PF, 0, 7b, __LINE__
    check_ [fault_cr2], -4, __LINE__
    PASS
