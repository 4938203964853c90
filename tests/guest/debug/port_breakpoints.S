// Port breakpoints (CR4.DE): a trap after IN and OUT of every size, after each iteration of INS and OUTS; lengths 1, 2
// and 4, to which the port is aligned; the upper bits of DRn count; beside steps, data breakpoints and faults.
// expect: exit 33
// qemu: skip TCG does not align a breakpoint to its length, and drops what is left of a rep outs that hits one
#include "long.inc"
#include "debug.inc"
#define POST 0x80
#define SCRATCH 0x3ff
PAGE(page)

guest_main:
    GATE(DB, on_debug)
    xor eax, eax
    mov dr6, rax
    SET_DR(0, POST)
    CR_SET(cr4, CR4_DE)

    // none so far; then one, in and out, immediate and DX
    MISS(out POST, al)
    SET_DR(7, DR7_PORT(0, LEN1))
    HIT(1, out POST, al)
    HIT(1, in al, POST)
    mov edx, POST
    HIT(1, out dx, al)
    HIT(1, in al, dx)
    MISS(in al, POST + 1)
    MISS(in al, POST - 1)
    mov qword ptr [POST], 0                 // memory is something else
    DEBUG_NONE

    // the port's register is written, and RF is clear in what is pushed, set or not before
    mov edx, SCRATCH
    mov al, 0x5a
    out dx, al
    SET_DR(0, SCRATCH)
    xor eax, eax
    HIT(1, in al, dx)
    CHECK(rax, 0x5a)
    mov rax, [hit_flags]
    and eax, FL_RF
    CHECK(rax, 0)

    // accesses that begin before the port or go on after it
    SET_DR(0, POST + 2)
    HIT(1, in eax, POST)
    HIT(1, out POST + 1, ax)
    HIT(1, in ax, POST + 2)
    MISS(in ax, POST)
    MISS(out POST + 3, eax)

    // lengths; the port is aligned to them
    SET_DR(0, POST + 5)
    SET_DR(7, DR7_PORT(0, LEN2))
    HIT(1, in al, POST + 4)
    HIT(1, in al, POST + 5)
    MISS(in al, POST + 6)
    MISS(in al, POST + 3)
    HIT(1, in ax, POST + 3)
    SET_DR(0, POST + 7)
    SET_DR(7, DR7_PORT(0, LEN4))
    HIT(1, in al, POST + 4)
    HIT(1, in al, POST + 7)
    MISS(in al, POST + 8)
    MISS(in ax, POST + 2)
    HIT(1, in eax, POST + 1)

    // upper bits of the register: no port has them
    mov rax, 0x10000 + POST
    mov dr0, rax
    SET_DR(7, DR7_PORT(0, LEN1))
    MISS(in al, POST)
    mov rax, 0x100000000 + POST
    mov dr0, rax
    MISS(in al, POST)

    // two at once, and disabled ones
    SET_DR(0, POST)
    SET_DR(1, POST + 1)
    SET_DR(3, POST + 1)
    SET_DR(7, DR7_PORT(0, LEN1) | DR7_PORT(3, LEN1))
    HIT(9, in ax, POST)
    HIT(8, in al, POST + 1)
    HIT(1, in al, POST)

    // strings: after each iteration, at the instruction itself with RF set until the last one
    SET_DR(0, POST)
    SET_DR(7, DR7_PORT(0, LEN1))
    mov edx, POST
    mov esi, offset page
    HIT(1, outsb)
    CHECK(rsi, offset page + 1)
    mov edi, offset page
    HIT(1, insd)
    CHECK(rdi, offset page + 4)
    mov ecx, 1
    HIT(1, rep outsb)
    mov rax, [hit_flags]
    and eax, FL_RF
    CHECK(rax, 0)
    xor ecx, ecx
    MISS(rep outsb)
    GATE(DB, on_iteration)
    mov ecx, 3
    mov esi, offset page
1:  rep outsw
2:  CHECK(rcx, 0)
    CHECK(rsi, offset page + 6)
    CHECK([hits], 3)
    CHECK([iteration_rip], offset 1b)
    CHECK([iteration_rip + 8], offset 1b)
    CHECK([iteration_rip + 16], offset 2b)
    CHECK([iteration_count], 2)
    CHECK([iteration_count + 8], 1)
    CHECK([iteration_count + 16], 0)
    CHECK([iteration_rf], FL_RF)
    CHECK([iteration_rf + 8], FL_RF)
    CHECK([iteration_rf + 16], 0)
    mov qword ptr [hits], 0
    GATE(DB, on_debug)
    mov edx, POST + 1
    mov ecx, 3
    MISS(rep outsb)

    // together with a data breakpoint, and with a step: one exception
    mov edx, POST
    mov edi, offset page
    SET_DR(1, offset page)
    SET_DR(7, DR7_PORT(0, LEN1) | DR7_WRITE(1, LEN1))
    HIT(3, insb)
    pushfq
    or qword ptr [rsp], FL_TF
    popfq
    in al, dx
1:  movups xmm0, [hit_dr6]                  // and hit_rip, at once
    pushfq
    and qword ptr [rsp], ~FL_TF
    popfq
    movq rax, xmm0
    pextrq rbx, xmm0, 1
    CHECK(rax, DR6_BS + 1)
    CHECK(rbx, offset 1b)
    mov qword ptr [hits], 0

    // beside the breakpoint of the next instruction: the trap comes first, then the fault
    mov rax, offset 1f
    mov dr1, rax
    SET_DR(7, DR7_PORT(0, LEN1) | DR7_EXECUTE(1))
    GATE(DB, on_debug_keeping_rf)
    in al, dx
1:  nop
    CHECK([hits], 2)
    CHECK([hit_dr6], 2)
    CHECK([hit_rip], offset 1b)
    mov qword ptr [hits], 0
    GATE(DB, on_debug)

    // after MOV SS the instruction counts as any
    SET_DR(7, DR7_PORT(0, LEN1))
    mov eax, ss
    mov ss, eax
    HIT(1, in al, dx)

    // faults come before: ring 3 has no right to the port; the page of INS is not there
    USER_FAULT(GP, 0, in al, POST)
    DEBUG_NONE
    UNMAP(0)
    mov edi, WIN
    FAULT_ANY(PF, ERR_W, insb)
    DEBUG_NONE

    // and with IOPL 3 it is hit in ring 3
    pushfq
    or qword ptr [rsp], FL_IOPL
    popfq
    SET_DR(0, POST)
    IN_USER(in al, POST)
    CHECK([hits], 1)
    CHECK([hit_dr6], 1)
    mov qword ptr [hits], 0

    // off
    SET_DR(7, 0)
    MISS(in al, POST)
    PASS

// As on_debug, but it goes on with RF as it was.
on_debug_keeping_rf:
    push rax
    mov rax, dr6
    and eax, 0xe00f
    mov [hit_dr6], rax
    xor eax, eax
    mov dr6, rax
    mov rax, [rsp + 8]
    mov [hit_rip], rax
    inc qword ptr [hits]
    cmp qword ptr [hits], 2
    jb 1f
    or dword ptr [rsp + 24], FL_RF
1:  pop rax
    iretq

// Keeps RIP, RCX and RF of each hit.
on_iteration:
    push rax
    push rbx
    mov rbx, [hits]
    mov rax, [rsp + 16]
    mov [iteration_rip + rbx * 8], rax
    mov [iteration_count + rbx * 8], rcx
    mov rax, [rsp + 32]
    and eax, FL_RF
    mov [iteration_rf + rbx * 8], rax
    inc qword ptr [hits]
    xor eax, eax
    mov dr6, rax
    pop rbx
    pop rax
    iretq

    .data
    .balign 8
iteration_rip: .quad 0, 0, 0
iteration_count: .quad 0, 0, 0
iteration_rf: .quad 0, 0, 0
