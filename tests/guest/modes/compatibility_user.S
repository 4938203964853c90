// A 32-bit process under a 64-bit kernel: ring 3 in compatibility mode by iretq and sysretd, int back, exceptions from it.
// expect: exit 33
#include "long.inc"

guest_main:
    mov [user_ksp], rsp
    mov qword ptr [user_resume], offset 1f
    mov eax, UDS
    mov ds, eax
    mov es, eax
    push UDS
    push offset user_stack_top + USER
    push 2
    push UCS32
    push offset user_code + USER
    iretq
1:  CHECK(rax, UCS32)
    CHECK(rcx, offset user_stack_top + USER - 8)
    CHECK(rdx, 0x12345678)
    CHECK(rbx, 0x15)

    // sysretd: CS from STAR[63:48], 32-bit code; R11 and ECX
    mov rax, (0x18 + 3) << 16 | KCS
    shl rax, 32
    WRMSR(MSR_STAR, rax)
    mov qword ptr [user_resume], offset 2f
    mov ecx, offset user_code + USER
    bts rcx, 40                             // only ECX counts
    mov r11d, 2
    mov rsp, offset user_stack_top + USER
    sysretd
2:  CHECK(rax, UCS32)
    CHECK(rdx, 0x12345678)

    // exceptions from 32-bit ring 3
    fault_arm_ 3f
    push UDS
    push offset user_stack_top + USER
    push 2
    push UCS32
    push offset user_fault + USER
    iretq
3:  CHECK([fault_vec], GP)
    CHECK([fault_rip], offset user_fault + USER)
    CHECK([fault_cs], UCS32)
    CHECK([fault_rsp], offset user_stack_top + USER)
    PASS
    .code32
user_code:
    push 0x12345678
    push 5
    mov ecx, esp
    pop ebx
    pop edx
    mov eax, cs
    pusha
    add dword ptr [esp + 16], 0x10
    popa
    int 0x81
user_fault:
    hlt
    .code64
