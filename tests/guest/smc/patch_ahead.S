// Stores into code that comes next: the very next instruction, one later in the same block, opcode or operand, by every
// kind of store. On the same linear address no jump is needed: the next fetch sees the store.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"

guest_main:
    mov dword ptr [1f + 1], 0x1234
1:  mov eax, 0
    CHECK(rax, 0x1234)
    // a few instructions in between
    mov ecx, 7
    mov byte ptr [2f + 1], 9
    add ecx, 1
    lea edx, [rcx + rcx]
2:  mov al, 0
    CHECK(rax, 0x1209)
    CHECK(rdx, 16)
    // the opcode: inc eax (ff c0) to dec eax (ff c8)
    mov eax, 100
    mov byte ptr [3f + 1], 0xc8
3:  inc eax
    CHECK(rax, 99)
    mov cl, 0xc8
    xchg [4f + 1], cl
4:  inc eax
    CHECK(rax, 98)
    lock or byte ptr [5f + 1], 8
5:  inc eax
    CHECK(rax, 97)
    mov edi, offset 6f
    mov esi, offset three_decs
    movsd
    movsw
6:  inc eax
    inc eax
    inc eax
    CHECK(rax, 94)
    mov edi, offset 7f
    mov esi, offset three_decs
    mov ecx, 6
    rep movsb
7:  inc eax
    inc eax
    inc eax
    CHECK(rax, 91)
    movups xmm0, [sixteen]
    movups [8f], xmm0
8:  .rept 16
    int3
    .endr
    CHECK(rax, 83)
    vmovdqu ymm0, [sixteen]
    vmovdqu [9f], ymm0
9:  .rept 32
    int3
    .endr
    CHECK(rax, 67)
    // push into code
    mov r15, rsp
    mov rsp, offset 10f + 8
    mov rcx, [sixteen]
    push rcx
10: .rept 8
    int3
    .endr
    mov rsp, r15
    CHECK(rax, 63)
    // a length change: a 5-byte mov becomes two short instructions and a nop
    mov ecx, 0xc8ff9090
    mov [11f], ecx
11: mov eax, 0x90909090                     // nop; nop; dec eax; nop
    CHECK(rax, 62)
    // flags computed before the store and used after it
    cmp eax, 62
    mov byte ptr [12f + 1], 2
12: mov cl, 0
    jne 13f
    CHECK8(12b + 1, 2)
    movzx ecx, cl
    CHECK(rcx, 2)
    PASS
13: NOT_REACHED
    .data
three_decs: .byte 0xff, 0xc8, 0xff, 0xc8, 0xff, 0xc8, 0, 0
sixteen:
    .rept 16
    .byte 0xff, 0xc8
    .endr
