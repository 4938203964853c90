// Data breakpoints: a trap after the instruction; 1, 2, 4 and 8 bytes; writes, or reads and writes; partly overlapping
// accesses; the stack; strings; over the end of a page; together with a step; not at a fault.
// expect: exit 33
// qemu: skip TCG does not align a breakpoint to its length
#include "long.inc"
#include "debug.inc"
PAGE(page)
PAGE(page_after)

guest_main:
    GATE(DB, on_debug)
    xor eax, eax
    mov dr6, rax
    mov edi, offset page
    mov eax, 5

    // writes only
    mov [rdi + 8], rax                      // the page is known by then
    mov rcx, [rdi + 8]
    SET_DR(0, offset page + 8)
    SET_DR(7, DR7_WRITE(0, LEN1))
    HIT(1, mov [rdi + 8], al)
    HIT(1, mov [rdi + 1], rax)
    HIT(1, mov dword ptr [rdi + 6], 7)
    MISS(mov [rdi + 9], al)
    MISS(mov [rdi], rax)
    MISS(mov rcx, [rdi + 8])
    HIT(1, add byte ptr [rdi + 8], 1)
    HIT(1, lock xadd [rdi + 8], rax)
    CHECK(rax, 0x501)

    // neighbours in one block that do not hit are not disturbed
    mov ecx, 1
    mov [rdi + 64], rcx
    mov [rdi + 72], rcx
    add rcx, [rdi + 64]
    mov [rdi + 16], rcx
    add rcx, [rdi + 16]
    CHECK(rcx, 4)
    DEBUG_NONE

    // lengths; the address is aligned to them
    SET_DR(0, offset page + 0x13)
    SET_DR(7, DR7_WRITE(0, LEN2))
    HIT(1, mov byte ptr [rdi + 0x12], 1)
    HIT(1, mov byte ptr [rdi + 0x13], 1)
    MISS(mov byte ptr [rdi + 0x14], 1)
    SET_DR(7, DR7_WRITE(0, LEN4))
    HIT(1, mov byte ptr [rdi + 0x10], 1)
    MISS(mov byte ptr [rdi + 0x14], 1)
    SET_DR(7, DR7_WRITE(0, LEN8))
    HIT(1, mov byte ptr [rdi + 0x17], 1)
    MISS(mov byte ptr [rdi + 0x18], 1)
    MISS(mov byte ptr [rdi + 0xf], 1)

    // reads and writes; two at once; vector registers
    SET_DR(1, offset page + 0x20)
    SET_DR(7, DR7_ACCESS(1, LEN4) | DR7_WRITE(0, LEN8))
    HIT(2, mov ecx, [rdi + 0x20])
    HIT(2, mov [rdi + 0x23], al)
    HIT(2, movups xmm0, [rdi + 0x18])
    HIT(3, movups [rdi + 0x12], xmm0)
    HIT(2, cmp ecx, [rdi + 0x20])
    MISS(lea ecx, [rdi + 0x20])

    // by what is done in C++, and the stack
    SET_DR(0, offset page + 0x100)
    SET_DR(7, DR7_ACCESS(0, LEN8))
    mov rbp, rsp
    mov esp, offset page + 0x108
    push rax
1:  mov r8, [hits]
    mov r9, [hit_rip]
    pop rcx
2:  mov r10, [hits]
    mov r11, [hit_rip]
    mov rsp, rbp
    CHECK(r8, 1)
    CHECK(r9, offset 1b)
    CHECK(r10, 2)
    CHECK(r11, offset 2b)
    mov qword ptr [hits], 0
    mov esp, offset page + 0x108
    call 1f
1:  mov rsp, rbp
    DEBUG_HIT(1, 1b)
    HIT(1, sidt [rdi + 0x100])
    HIT(1, cmpxchg16b [rdi + 0x100])

    // strings: after the iteration, at the instruction itself until the last one; not before
    mov esi, offset page + 0x200
    mov edi, offset page + 0xf8
    mov ecx, 4
    SET_DR(7, DR7_WRITE(0, LEN8))
1:  rep movsq
    CHECK([hits], 1)
    CHECK([hit_dr6], 1)
    CHECK([hit_rip], offset 1b)
    CHECK(rcx, 0)
    CHECK(rdi, offset page + 0x118)
    mov rax, [hit_flags]
    and eax, FL_RF
    CHECK(rax, FL_RF)
    mov qword ptr [hits], 0
    mov edi, offset page + 0xf8
    mov ecx, 2
    HIT(1, rep stosq)
    mov edi, offset page + 0x800
    mov ecx, 16
    MISS(rep stosq)
    SET_DR(7, DR7_ACCESS(0, LEN8))
    mov esi, offset page + 0x100
    HIT(1, lodsb)
    mov edi, offset page + 0x100
    HIT(1, scasb)

    // over the end of a page
    SET_DR(0, offset page + 0xfff)
    SET_DR(7, DR7_WRITE(0, LEN1))
    mov edi, offset page + 0xffe
    HIT(1, mov [rdi], eax)
    MISS(mov eax, [rdi])
    SET_DR(0, offset page_after)
    HIT(1, mov [rdi], eax)
    HIT(1, movups [rdi], xmm0)
    MISS(mov [rdi], ax)

    // together with a step: one exception
    mov edi, offset page
    SET_DR(0, offset page)
    SET_DR(7, DR7_ACCESS(0, LEN2))
    pushfq
    or qword ptr [rsp], FL_TF
    popfq
    mov [rdi], ax
    pushfq
    and qword ptr [rsp], ~FL_TF
    popfq
    CHECK([hits], 4)
    mov qword ptr [hits], 0

    // a load and a store that faults: nothing
    UNMAP(0)
    mov esi, offset page
    mov edi, WIN
    FAULT_ANY(PF, ERR_W, movsb)
    DEBUG_NONE
    MAP(0, offset page_after + PTE_P + PTE_W)
    HIT(1, movsb)

    // off
    mov edi, offset page
    SET_DR(7, 0)
    MISS(mov [rdi], rax)
    mov ecx, 100
1:  mov [rdi], rax
    dec ecx
    jnz 1b
    DEBUG_NONE
    PASS
