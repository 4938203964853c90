// Self-modification and exceptions: a store into code whose page is read-only faults and changes nothing; code patched
// to ud2 faults at once and works when patched back; a handler that patches the faulting instruction (as kernels do).
// expect: exit 33
#include "long.inc"

guest_main:
    MAP(0, offset code + PTE_P)
    mov dword ptr [code], 0x90c3c0ff        // inc eax; ret
    mov ebx, WIN
    mov ecx, 200
    xor eax, eax
1:  call rbx
    FAULT_PF(ERR_P + ERR_W, WIN, mov word ptr [rbx], 0x0b0f)
    call rbx
    mov word ptr [code], 0x0b0f             // ud2, through the writable alias
    FAULT_AT(UD, 0, WIN, jmp rbx)
    mov word ptr [code], 0xc0ff
    dec ecx
    jnz 1b
    CHECK(rax, 400)

    // the handler turns ud2 into inc eax and returns to it
    GATE(UD, fix)
    mov ecx, 200
    xor eax, eax
2:  mov word ptr [3f], 0x0b0f
3:  ud2
    dec ecx
    jnz 2b
    CHECK(rax, 200)
    // int3 at the head of an instruction, as debuggers and kernels do
    GATE_ATTR(BP, breakpoint, 0x8e00)
    mov ecx, 200
    xor eax, eax
    xor edx, edx
4:  mov byte ptr [5f], 0xcc
5:  inc eax
    dec ecx
    jnz 4b
    CHECK(rax, 200)
    CHECK(rdx, 200)
    PASS
fix:
    push rbx
    mov rbx, [rsp + 8]
    mov word ptr [rbx], 0xc0ff
    pop rbx
    iretq
breakpoint:
    inc edx
    dec qword ptr [rsp]
    push rbx
    mov rbx, [rsp + 8]
    mov byte ptr [rbx], 0xff
    pop rbx
    iretq
PAGE(code)
