// The IOAPIC: the PIT on pin 2 with a vector of our choice; masked it does not come; registers read back.
// expect: exit 33
#include "long.inc"
#include "apic.inc"

guest_main:
    GATE(0x33, apic_tick)
    APIC_ENABLE
    IOAPIC_WRITE(0x10 + 2 * 2 + 1, 0)       // to APIC 0
    IOAPIC_WRITE(0x10 + 2 * 2, 0x33)        // edge, fixed
    mov ebx, IOAPIC
    mov dword ptr [rbx], 0x10 + 4
    mov eax, [rbx + 0x10]
    and eax, 0x1ffff
    CHECK(rax, 0x33)
    mov dword ptr [rbx], 1
    mov eax, [rbx + 0x10]
    shr eax, 16
    CHECK(rax, 0x17)                        // 24 pins
    PIT_START(2, 5966)                      // 200 Hz
    sti
1:  hlt
    cmp qword ptr [ticks], 5
    jb 1b
    cli
    IOAPIC_WRITE(0x10 + 2 * 2, 0x10033)
    sti
    nop
    cli
    mov r12, [ticks]
    APIC_WRITE(APIC_TIMER_DIVIDE, 0xb)
    APIC_WRITE(APIC_LVT_TIMER, 0x33 + LVT_MASKED)
    APIC_WRITE(APIC_TIMER_INIT, 30000000)   // some time
    sti
2:  APIC_READ(APIC_TIMER_CURRENT)
    test eax, eax
    jnz 2b
    cli
    CHECK([ticks], r12)
    PASS
