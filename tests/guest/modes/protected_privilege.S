// Ring changes in 32-bit protected mode: iret to ring 3 and int back by the TSS's stack, call gates with and without
// parameters, sysenter and sysexit, segments that the return to ring 3 nulls, IOPL.
// expect: exit 33
#include "protected.inc"

guest_main:
    IN_USER(mov eax, cs; mov ecx, ss; mov edx, esp)
    CHECK(eax, UCS32)
    CHECK(ecx, UDS)
    CHECK(edx, offset user_stack_top)
    USER_FAULT(GP, 0, hlt)
    CHECK([fault_rsp], offset user_stack_top)
    CHECK([fault_ss], UDS)
    USER_FAULT(GP, 0, cli)
    USER_FAULT(GP, 0, in al, 0x80)
    USER_FAULT(GP, 0x40 * 8 + 2, int 0x40)
    // segments of ring 0 become null on the way out, those of ring 3 stay
    mov eax, KDS
    mov fs, eax
    mov eax, UDS
    mov gs, eax
    IN_USER(mov eax, fs; mov ecx, gs; mov edx, gs:[scratch])
    CHECK(eax, 0)
    CHECK(ecx, UDS)
    CHECK(edx, 0x55aa)

    // a call gate with two parameters, DPL 3, to ring 0
    mov eax, offset gate_target
    mov [gdt + SPARE], ax
    shr eax, 16
    mov [gdt + SPARE + 6], ax
    mov word ptr [gdt + SPARE + 2], KCS
    mov word ptr [gdt + SPARE + 4], 0xec02
    IN_USER(push 0x111; push 0x222; .byte 0x9a; .long 0; .word SPARE + 3; mov edx, esp)
    CHECK(eax, 0x222)
    CHECK(ebx, 0x111)
    CHECK(ecx, KCS)
    CHECK(esi, UCS32)
    CHECK(edi, offset ring0_stack_top - 24)
    CHECK(edx, offset user_stack_top)       // retf 8 took the parameters off both stacks
    // a gate of DPL 0 is not for ring 3; one that is not present
    mov word ptr [gdt + SPARE + 4], 0x8c02
    USER_FAULT(GP, SPARE, .byte 0x9a; .long 0; .word SPARE + 3)
    mov word ptr [gdt + SPARE + 4], 0x6c02
    USER_FAULT(NP, SPARE, .byte 0x9a; .long 0; .word SPARE + 3)
    // ring 3 cannot call ring 0 code directly
    USER_FAULT(GP, KCS, .byte 0x9a; .long gate_target; .word KCS)
    // sysenter and sysexit
    mov ecx, MSR_SYSENTER_CS
    mov eax, KCS
    xor edx, edx
    wrmsr
    mov ecx, MSR_SYSENTER_ESP
    mov eax, offset ring0_stack_top
    wrmsr
    mov ecx, MSR_SYSENTER_EIP
    mov eax, offset entry
    wrmsr
    IN_USER(sysenter)
    NOT_REACHED

entry:
    CHECK(esp, offset ring0_stack_top)
    mov eax, cs
    CHECK(eax, KCS)
    mov eax, ss
    CHECK(eax, KDS)
    mov edx, offset 1f
    mov ecx, offset user_stack_top - 64
    sysexit
1:  mov eax, cs
    mov ebx, ss
    mov ecx, esp
    mov dword ptr [user_resume], offset 2f
    int 0x81
2:  CHECK(eax, KCS + 16 + 3)
    CHECK(ebx, KCS + 24 + 3)
    CHECK(ecx, offset user_stack_top - 64)
    PASS

gate_target:                                // EIP, CS, parameter 2, parameter 1, ESP, SS
    mov eax, [esp + 8]
    mov ebx, [esp + 12]
    mov ecx, cs
    mov esi, [esp + 4]
    mov edi, esp
    retfd 8
    .data
    .balign 4
scratch:  .long 0x55aa
