// #DE: by zero and by overflow, every size, register and memory operands; at the instruction, nothing changed.
// expect: exit 33
#include "long.inc"
#define SAME CHECK(rax, 0x1122334480008000); CHECK(rdx, 0x5566778800007fff); CHECK(rcx, 0)

guest_main:
    mov rax, 0x1122334480008000
    mov rdx, 0x5566778800007fff
    xor ecx, ecx
    mov ebx, offset zero
    FAULT(DE, 0, div cl)
    FAULT(DE, 0, div cx)
    FAULT(DE, 0, div ecx)
    FAULT(DE, 0, div rcx)
    FAULT(DE, 0, idiv cl)
    FAULT(DE, 0, idiv ecx)
    FAULT(DE, 0, idiv rcx)
    SAME
    FAULT(DE, 0, div byte ptr [rbx])
    FAULT(DE, 0, div word ptr [rbx])
    FAULT(DE, 0, div dword ptr [rbx])
    FAULT(DE, 0, div qword ptr [rbx])
    FAULT(DE, 0, idiv qword ptr [rip + zero])
    SAME
    // overflow: the quotient does not fit
    mov esi, 1
    FAULT(DE, 0, div rsi)
    FAULT(DE, 0, div esi)
    FAULT(DE, 0, div si)
    FAULT(DE, 0, div sil)
    FAULT(DE, 0, idiv rsi)
    SAME
    mov rax, 0x8000000000000000
    mov rdx, -1
    mov rsi, -1
    FAULT(DE, 0, idiv rsi)
    CHECK(rdx, -1)
    mov eax, 0x80000000
    cdq
    FAULT(DE, 0, idiv esi)
    mov ax, 0x8000
    FAULT(DE, 0, idiv sil)
    // and from ring 3
    USER_FAULT(DE, 0, div rcx)
    // fitting divisions next to it go on working
    mov edx, 1
    mov rax, 6
    mov esi, 4
    div rsi
    CHECK(rax, 0x4000000000000001)
    CHECK(rdx, 2)
    mov rax, -7
    cqo
    mov rcx, 2
    idiv rcx
    CHECK(rax, -3)
    CHECK(rdx, -1)
    PASS
    .data
    .balign 8
zero: .quad 0
