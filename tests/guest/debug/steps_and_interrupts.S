// Single steps while interrupts come: not one is lost, whenever an interrupt is noticed; the handlers are not stepped.
// expect: exit 33
#include "long.inc"
#include "apic.inc"
#define TURNS 20000

guest_main:
    GATE(0x40, on_tick)
    GATE(DB, on_step)
    APIC_ENABLE
    APIC_WRITE(APIC_TIMER_DIVIDE, 0xb)
    APIC_WRITE(APIC_LVT_TIMER, 0x40 + TIMER_PERIODIC)
    APIC_WRITE(APIC_TIMER_INIT, 20000)
    xor r8d, r8d
    mov ecx, TURNS
    sti
    pushfq
    or qword ptr [rsp], FL_TF
    popfq
1:  dec ecx
    jnz 1b
    pushfq
    and qword ptr [rsp], ~FL_TF
    popfq
    cli
    CHECK(r8, 2 * TURNS + 3)
    PASS

on_step:
    inc r8d
    iretq
on_tick:
    inc qword ptr [ticks]
    push rax
    APIC_WRITE(APIC_EOI, 0)
    pop rax
    iretq
