// Compatibility mode: 32-bit code under long mode. Operand and address sizes, the upper halves and r8-r15 kept, address
// wrap at 4 GiB, 32-bit instructions, far transfers both ways, RIP-relative encodings are absolute, faults to 64-bit handlers.
// expect: exit 33
#include "long.inc"
#include "compat.inc"

guest_main:
    mov r8, 0x8888888811111111
    mov r15, 0xffffffff00000000
    mov rbx, 0x00000000deadbeef
    COMPAT(mov eax, ebx; push eax; pop ecx; inc ecx)
    CHECK(rcx, 0xdeadbef0)
    CHECK(r8, 0x8888888811111111)
    CHECK(r15, 0xffffffff00000000)
    // one-byte inc and dec (REX in 64-bit mode), the same bytes in both modes
    mov eax, 10
    COMPAT(.byte 0x48, 0x89, 0xc1)          // dec eax; mov ecx, eax
    CHECK(rcx, 9)
    mov rax, 0x100000005
    .byte 0x48, 0x89, 0xc1                  // mov rcx, rax
    CHECK(rcx, 0x100000005)
    mov edx, offset shared                  // one physical block of code, run in both modes
    mov eax, 10
    call rdx
    CHECK(rcx, 10)
    mov eax, 10
    COMPAT(call edx)
    CHECK(rcx, 9)
    call rdx
    CHECK(rcx, 9)

    // stack: pushes are of 4 bytes
    mov r14, rsp
    COMPAT(push 1; pushf; push cs; mov ecx, esp; pop edx; popf; pop eax)
    sub r14, rcx
    CHECK(r14, 12)
    CHECK(rdx, KCS32)
    // mod 0 rm 5 is an absolute address, not RIP-relative
    mov dword ptr [value], 0x1234
    COMPAT(.byte 0x8b, 0x05; .long value)
    CHECK(rax, 0x1234)
    // base + index + displacement wraps at 4 GiB
    mov ebx, 0xfffffff0
    mov ecx, offset value + 0x10 - 4
    COMPAT(mov eax, [ebx + ecx + 4])
    CHECK(rax, 0x1234)
    // ESP-relative and 16-bit addresses
    mov esi, 0x10000
    COMPAT(push 0x77; mov eax, [esp]; add esp, 4; lea ecx, [esi + 5]; addr16 lea edx, [bx + 0x20])
    CHECK(rax, 0x77)
    CHECK(rcx, 0x10005)
    CHECK(rdx, 0x10)
    // 32-bit-only instructions
    mov eax, 0x79
    COMPAT(add al, 0x35; daa; pusha; popa; aam)
    CHECK(rax, 0x0200)
    // segment bases count here: FS, and DS with a base
    mov dword ptr [gdt + SPARE], 0x0000ffff
    mov dword ptr [gdt + SPARE + 4], 0x00cf9300
    mov eax, offset value - 8
    mov [gdt + SPARE + 2], ax
    shr eax, 16
    mov [gdt + SPARE + 4], al
    mov eax, SPARE
    mov ecx, KDS
    COMPAT(mov ds, eax; mov edx, [8]; mov ds, ecx)
    CHECK(rdx, 0x1234)
    mov ds, eax                             // and not in 64-bit mode
    mov edx, [value]
    mov ds, ecx
    CHECK(rdx, 0x1234)

    // faults: page fault, #UD for 64-bit instructions, #DE; the handler is 64-bit code, RIP and CS right
    UNMAP(0)
    mov ebx, WIN
    COMPAT_FAULT(PF, 0, mov eax, [ebx])
    CHECK([fault_cs], KCS32)
    CHECK([fault_cr2], WIN)
    COMPAT_FAULT(PF, ERR_W, mov [ebx], eax)
    COMPAT_FAULT(UD, 0, ud2)
    xor ecx, ecx
    COMPAT_FAULT(DE, 0, div ecx)
    mov eax, 0x200
    COMPAT_FAULT(GP, 0x200, mov ds, eax)
    COMPAT_FAULT(GP, 0x200, .byte 0xea; .long 0; .word 0x203)
    PASS

    .balign 64
shared:
    .byte 0x48, 0x89, 0xc1                  // mov rcx, rax / dec eax; mov ecx, eax
    ret
    .data
    .balign 8
value: .quad 0
