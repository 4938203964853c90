// Accesses over the boundary of two pages that are not neighbours in physical memory, at every offset: loads, stores,
// read-modify-write, lock, push, pop, call, SSE, AVX, x87, string.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"

guest_main:
    mov ebx, WIN + 4096
    MAP(0, offset page_a + PTE_P + PTE_W)
    MAP(1, offset page_b + PTE_P + PTE_W)           // page_b lies below page_a
    cld

    // each offset 1..31 before the boundary: the pattern through aligned bytes, then one wide access
    mov r12d, 31
next_offset:
    lea rdi, [rbx - 32]
    mov ecx, 64
    mov al, 0x10
1:  mov [rdi], al
    inc al
    inc rdi
    dec ecx
    jnz 1b
    mov rsi, rbx
    sub rsi, r12
    vmovdqu ymm1, [rsi]
    vmovdqu [expected], ymm1
    // bytes one by one
    xor ecx, ecx
2:  movzx eax, byte ptr [expected + rcx]
    lea edx, [rcx + 0x10 + 32]
    sub edx, r12d
    cmp eax, edx
    je 3f
    NOT_REACHED
3:  inc ecx
    cmp ecx, 32
    jne 2b
    movdqu xmm2, [rsi + 8]
    movdqu [expected2], xmm2
    mov rax, [expected + 8]
    cmp [expected2], rax
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov rax, [rsi]
    cmp [expected], rax
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov eax, [rsi + 2]
    mov edx, [expected + 2]
    cmp rdx, rax
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov ax, [rsi + 1]
    cmp ax, [expected + 1]
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov rax, [expected + 16]
    cmp [rsi + 16], rax
    CHECK_FLAGS(FL_ZF, FL_ZF)
    fild qword ptr [rsi]
    fistp qword ptr [expected2]
    mov rax, [expected]
    cmp [expected2], rax
    CHECK_FLAGS(FL_ZF, FL_ZF)

    // stores
    mov rax, 0x1122334455667788
    mov [rsi], rax
    CHECK64(rsi, 0x1122334455667788)
    mov rdx, 0x0101010101010101
    add [rsi], rdx
    CHECK64(rsi, 0x1223344556677889)
    lock xadd [rsi], rdx
    CHECK64(rsi, 0x132435465768798a)
    CHECK(rdx, 0x1223344556677889)
    lock inc dword ptr [rsi + 1]
    CHECK64(rsi, 0x132435465768798a + 0x100)
    mov rax, 0x132435465768798a + 0x100
    mov rcx, -2
    lock cmpxchg [rsi], rcx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    lock cmpxchg [rsi], rdx
    CHECK_FLAGS(FL_ZF, 0)
    CHECK(rax, -2)
    bts qword ptr [rsi], 0
    CHECK64(rsi, -1)
    xchg [rsi], rax
    CHECK(rax, -1)
    CHECK64(rsi, -2)
    rol qword ptr [rsi], 4
    CHECK64(rsi, 0xffffffffffffffef)

    // the stack over the boundary
    mov r15, rsp
    lea rsp, [rsi + 8]
    mov rax, 0x0a0b0c0d0e0f0102
    push rax
    xor eax, eax
    pop rdx
    lea rcx, [rsp - 8]
    call 4f
4:  pop rax
    mov rsp, r15
    CHECK(rax, offset 4b)
    CHECK(rcx, rsi)
    CHECK(rdx, 0x0a0b0c0d0e0f0102)
    // wide stores and back
    vmovdqu [rsi], ymm1
    vmovdqu ymm3, [rsi]
    vpcmpeqb ymm3, ymm3, ymm1
    vpmovmskb eax, ymm3
    CHECK(rax, 0xffffffff)
    vpxor xmm3, xmm3, xmm3
    vpaddb ymm3, ymm3, [rsi]
    vpcmpeqb ymm3, ymm3, ymm1
    vpmovmskb eax, ymm3
    CHECK(rax, 0xffffffff)
    // string moves
    lea rdi, [rsi + 64]
    push rsi
    mov ecx, 4
    rep movsq
    pop rsi
    vpcmpeqb ymm3, ymm1, [rsi + 64]
    vpmovmskb eax, ymm3
    CHECK(rax, 0xffffffff)
    dec r12d
    jnz next_offset
    PASS
    .data
    .balign 64
expected: .skip 32
expected2: .skip 16
PAGE(page_b)
PAGE(between)
PAGE(page_a)
