// REP strings stopped by a page fault in the middle: RCX, RSI, RDI say exactly how far they came, what came before is
// done, and the instruction goes on from there after the fault. Forwards and backwards, all sizes.
// expect: exit 33
#include "long.inc"
#define SECOND WIN + 4096

guest_main:
    cld
    mov ebx, SECOND
    MAP(0, offset page_a + PTE_P + PTE_W)
    UNMAP(1)
    mov edi, offset page_a
    mov ecx, 4096
    mov al, 0x5a
    rep stosb

    // stosb runs into the missing page
    mov eax, 0x11223344
    lea rdi, [rbx - 10]
    mov ecx, 100
    FAULT_PF(ERR_W, SECOND, rep stosb)
    CHECK(rcx, 90)
    CHECK(rdi, SECOND)
    CHECK64(page_a + 0xff8, 0x4444444444444444)
    CHECK16(page_a + 0xff4, 0x5a5a)
    // the other sizes, the last element over the boundary: not begun
    lea rdi, [rbx - 10]
    mov ecx, 100
    FAULT_PF(ERR_W, SECOND, rep stosd)
    CHECK(rcx, 98)
    CHECK(rdi, SECOND - 2)
    CHECK16(page_a + 0xffe, 0x4444)
    lea rdi, [rbx - 16]
    mov ecx, 3
    FAULT_PF(ERR_W, SECOND, rep stosq)
    CHECK(rcx, 1)
    CHECK64(page_a + 0xff8, 0x11223344)

    // movs: source runs out, then destination
    lea rsi, [rbx - 12]
    mov edi, offset buffer
    mov ecx, 20
    FAULT_PF(0, SECOND, rep movsb)
    CHECK(rcx, 8)
    CHECK(rsi, SECOND)
    CHECK(rdi, offset buffer + 12)
    CHECK32(buffer + 8, 0)
    CHECK32(buffer + 4, 0x11223344)
    mov esi, offset buffer
    lea rdi, [rbx - 8]
    mov ecx, 5
    FAULT_PF(ERR_W, SECOND, rep movsd)
    CHECK(rcx, 3)
    CHECK(rsi, offset buffer + 8)
    CHECK(rdi, SECOND)
    // overlapping by one byte: a fill, exactly bytewise
    mov byte ptr [page_a], 0x77
    mov esi, WIN
    lea rdi, [rsi + 1]
    mov ecx, 5000
    FAULT_PF(ERR_W, SECOND, rep movsb)
    CHECK(rcx, 5000 - 4095)
    CHECK64(page_a + 0xff8, 0x7777777777777777)

    // cmps and scas: flags stay those of the last comparison made... and lods
    mov al, 0x77
    lea rdi, [rbx - 16]
    mov ecx, 64
    FAULT_PF(0, SECOND, repe scasb)
    CHECK(rcx, 48)
    CHECK(rdi, SECOND)
    lea rsi, [rbx - 16]
    mov edi, WIN
    mov ecx, 64
    FAULT_PF(0, SECOND, repe cmpsb)
    CHECK(rcx, 48)
    CHECK(rsi, SECOND)
    CHECK(rdi, WIN + 16)
    lea rsi, [rbx - 16]
    mov ecx, 9
    FAULT_PF(0, SECOND, rep lodsd)
    CHECK(rcx, 5)
    CHECK(rax, 0x77777777)

    // backwards, into the missing page below
    UNMAP(0)
    MAP(1, offset page_a + PTE_P + PTE_W)
    std
    lea rdi, [rbx + 7]
    mov ecx, 100
    mov al, 0x12
    FAULT_PF(ERR_W, SECOND - 1, rep stosb)
    CHECK(rcx, 92)
    CHECK(rdi, SECOND - 1)
    CHECK64(page_a, 0x1212121212121212)
    lea rdi, [rbx + 12]
    mov ecx, 100
    FAULT_PF(ERR_W, SECOND - 4, rep stosd)
    CHECK(rcx, 96)
    cld

    // the handler maps the page and the instruction goes on: the whole copy is right
    GATE(PF, demand)
    UNMAP(1)
    mov esi, offset source
    lea rdi, [rbx - 4093]
    mov ecx, 8185
    mov r12, rcx
    rep movsb
    CHECK(rcx, 0)
    CHECK(rsi, offset source + 8185)
    CHECK(r13, 2)
    mov esi, offset source
    lea rdi, [rbx - 4093]
    mov rcx, r12
    repe cmpsb
    CHECK_FLAGS(FL_ZF, FL_ZF)
    CHECK(rcx, 0)
    // RCX = 0 touches nothing; with a 67 prefix only ECX counts
    mov rdi, 0x123456789000
    mov rsi, rdi
    rep movsb
    repe cmpsb
    CHECK_FLAGS(FL_ZF, FL_ZF)
    PASS
demand:                                             // maps page 0 or 1 of the window
    push rax
    mov rax, cr2
    cmp rax, SECOND
    jae 1f
    mov qword ptr [test_pt], offset page_a + PTE_P + PTE_W
    jmp 2f
1:  mov qword ptr [test_pt + 8], offset page_b + PTE_P + PTE_W
2:  inc r13
    pop rax
    add rsp, 8
    iretq
    .data
source:
    value = 0
    .rept 8192
    .byte ((value >> 3) ^ value) & 255
    value = (value + 1) & 0x7ff
    .endr
buffer: .skip 256
PAGE(page_b)
PAGE(page_a)
