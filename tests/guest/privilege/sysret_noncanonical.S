// sysretq with a non-canonical RCX: Intel faults in ring 0 (#GP(0), nothing changed), AMD in ring 3 at the target.
// Either is right; a translated block at that address, or a crash, is not.
// expect: exit 33
// qemu: skip TCG goes on at the address and faults there with #PF
#include "long.inc"

guest_main:
    mov rax, (0x18 + 3) << 16 | KCS
    shl rax, 32
    WRMSR(MSR_STAR, rax)
    mov [user_ksp], rsp
    mov rcx, 0x0000800000000000
    mov r11d, 2
    fault_arm_ 2f
1:  sysretq
2:  mov rsp, offset stack_top
    CHECK([fault_vec], GP)
    CHECK([fault_err], 0)
    mov rax, [fault_cs]
    cmp eax, KCS
    jne 3f
    CHECK([fault_rip], offset 1b)
    PASS
3:  CHECK([fault_rip], rcx)
    CHECK([fault_cs], UCS)
    PASS
