// Thousands of timer interrupts at arbitrary points of a computation with live flags, vectors and x87: the handler changes
// all of them and puts them back, and the sum comes out right.
// expect: exit 33
#include "long.inc"
#include "apic.inc"

guest_main:
    GATE(0x40, on_tick)
    APIC_ENABLE
    APIC_WRITE(APIC_TIMER_DIVIDE, 0xb)
    APIC_WRITE(APIC_LVT_TIMER, 0x40 + TIMER_PERIODIC)
    APIC_WRITE(APIC_TIMER_INIT, 100000)
    fninit
    call compute                            // without interrupts: the reference
    mov [reference], rax
    mov [reference + 8], rdx
    sti
1:  call compute
    cmp [reference], rax
    CHECK_FLAGS(FL_ZF, FL_ZF)
    cmp [reference + 8], rdx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    cmp qword ptr [ticks], 300
    jb 1b
    cli
    PASS

// A carry chain over many words with lea/dec in between (flags live), a sum in xmm, a sum in x87
compute:
    mov r8d, 2000
    mov rbx, 0x9e3779b97f4a7c15
    xor eax, eax
    xor edx, edx
    xorps xmm0, xmm0
    movaps xmm1, [small]
    fldz
    clc
2:  adc rax, rbx
    mov rcx, [words]
    adc rdx, rcx
    rcl rbx, 1
    addpd xmm0, xmm1
    fld1
    lea rsp, [rsp - 16]
    faddp st(1), st
    mov [rsp], rdx
    mov rcx, [rsp]
    lea rsp, [rsp + 16]
    adc rax, rcx
    dec r8d
    jnz 2b
    pushfq
    pop rcx
    and ecx, FL_CF
    add rax, rcx
    movq rcx, xmm0
    add rdx, rcx
    fistp qword ptr [scratch]
    add rdx, [scratch]
    ret

on_tick:
    inc qword ptr [ticks]
    push rbx
    push rax
    push rcx
    push rdx
    mov ebx, LAPIC
    mov dword ptr [rbx + APIC_EOI], 0
    fxsave [area]
    fninit
    fldpi
    pcmpeqb xmm0, xmm0
    pcmpeqb xmm1, xmm1
    mov rcx, -1
    add ecx, 1
    fxrstor [area]
    pop rdx
    pop rcx
    pop rax
    pop rbx
    iretq
    .data
    .balign 16
small: .double 1.5, 2.25
words: .quad 0xfedcba9876543210
reference: .quad 0, 0
scratch: .quad 0
    .balign 16
area: .skip 512
