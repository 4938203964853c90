// An interrupt in a long rep string is taken between two iterations: RIP is the instruction, the registers say how far
// it is, and it goes on afterwards. The result is right, and an interrupt did come during it: a host that is busy may
// be late with ticks, so the copy is repeated until one has come, for some seconds.
// expect: exit 33
// timeout: 40
#include "long.inc"
#include "apic.inc"
#define SIZE 0x100000
#define PATIENCE 30000000000                // of the TSC: 7 to 15 seconds

.macro read_tsc
    rdtsc
    shl rdx, 32
    or rax, rdx
.endm

guest_main:
    GATE(0x40, on_tick)
    APIC_ENABLE
    APIC_WRITE(APIC_TIMER_DIVIDE, 0xb)
    APIC_WRITE(APIC_LVT_TIMER, 0x40 + TIMER_PERIODIC)
    APIC_WRITE(APIC_TIMER_INIT, 30000)
    cld
    read_tsc
    mov r13, PATIENCE
    add r13, rax
    mov r12d, 1
1:  mov edi, 0x1000000
    mov ecx, SIZE / 8
    lea rax, [r12 + 0x1234567]
    sti
    rep stosq
    mov esi, 0x1000000
    mov edi, 0x1100000
    mov ecx, SIZE
rep_insn:
    rep movsb
    cli
    CHECK(rcx, 0)
    CHECK(rsi, 0x1100000)
    CHECK(rdi, 0x1200000)
    mov esi, 0x1000000
    mov edi, 0x1100000
    mov ecx, SIZE / 8
    repe cmpsq
    CHECK_FLAGS(FL_ZF, FL_ZF)
    CHECK(rcx, 0)
    cmp [0x11ffff8], rax
    CHECK_FLAGS(FL_ZF, FL_ZF)
    inc r12d
    cmp r12d, 12                            // so often at least
    jbe 1b
    cmp qword ptr [inside], 0
    jne 2f
    read_tsc
    cmp rax, r13
    jb 1b
2:  cmp qword ptr [inside], 0
    CHECK_FLAGS(FL_ZF, 0)
    PASS
// Checks in every interrupt of the copy that RCX, RSI and RDI belong together; counts those between two iterations
on_tick:
    inc qword ptr [ticks]
    push rbx
    mov ebx, LAPIC
    mov dword ptr [rbx + APIC_EOI], 0
    mov ebx, offset rep_insn
    cmp [rsp + 8], rbx
    jne 1f
    lea rbx, [rsi + rcx]
    CHECK(rbx, 0x1100000)
    lea rbx, [rdi + rcx]
    CHECK(rbx, 0x1200000)
    cmp ecx, SIZE
    je 1f                                   // before the first
    inc qword ptr [inside]
1:  pop rbx
    iretq
    .data
    .balign 8
inside: .quad 0
