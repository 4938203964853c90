// The local APIC's timer: one-shot, periodic, masked, current count; wakes hlt and stops a loop.
// expect: exit 33
#include "long.inc"
#include "apic.inc"

guest_main:
    GATE(0x40, apic_tick)
    APIC_ENABLE
    APIC_WRITE(APIC_TIMER_DIVIDE, 0xb)      // by 1
    APIC_WRITE(APIC_LVT_TIMER, 0x40)
    APIC_WRITE(APIC_TIMER_INIT, 1000000)
    sti
    hlt
    cli
    CHECK64(ticks, 1)
    APIC_READ(APIC_TIMER_CURRENT)
    CHECK(rax, 0)
    // one-shot: no second one, although time goes by
    APIC_WRITE(APIC_TIMER_INIT, 100000)
    sti
1:  cmp qword ptr [ticks], 2
    jb 1b
    mov ecx, 100000
2:  dec ecx
    jnz 2b
    cli
    CHECK64(ticks, 2)
    // the count goes down; writing 0 stops it
    APIC_WRITE(APIC_TIMER_INIT, 0xffffffff)
    APIC_READ(APIC_TIMER_CURRENT)
    mov r12d, eax
    mov ecx, 10000
3:  pause
    dec ecx
    jnz 3b
    APIC_READ(APIC_TIMER_CURRENT)
    cmp eax, r12d
    CHECK_FLAGS(FL_CF, FL_CF)
    APIC_WRITE(APIC_TIMER_INIT, 0)
    APIC_READ(APIC_TIMER_CURRENT)
    CHECK(rax, 0)

    // periodic
    mov qword ptr [ticks], 0
    APIC_WRITE(APIC_LVT_TIMER, 0x40 + TIMER_PERIODIC)
    APIC_WRITE(APIC_TIMER_INIT, 1000000)
    sti
4:  cmp qword ptr [ticks], 5
    jb 4b
5:  hlt
    cmp qword ptr [ticks], 8
    jb 5b
    cli
    // masked
    APIC_WRITE(APIC_LVT_TIMER, 0x40 + TIMER_PERIODIC + LVT_MASKED)
    APIC_WRITE(APIC_TIMER_INIT, 10000)
    sti
    nop
    mov rax, [ticks]
    mov ecx, 100000
6:  pause
    dec ecx
    jnz 6b
    cli
    sub rax, [ticks]
    CHECK(rax, 0)
    PASS
