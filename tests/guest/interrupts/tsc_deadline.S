// TSC-deadline timer: fires when the TSC has passed the deadline, at once for a deadline in the past, never after 0;
// the MSR reads 0 after it has fired.
// expect: exit 33
// qemu: skip TCG 7.2 has no TSC-deadline timer
// kvm: run the local APIC is KVM's
#include "long.inc"
#include "apic.inc"

.macro read_tsc
    rdtsc
    shl rdx, 32
    or rax, rdx
.endm

guest_main:
    NEED_CPUID(1, ecx, 24)
    GATE(0x40, apic_tick)
    APIC_ENABLE
    APIC_WRITE(APIC_LVT_TIMER, 0x40 + TIMER_DEADLINE)
    mfence
    mov r12d, 5
1:  read_tsc
    lea r13, [rax + 3000000]
    WRMSR(MSR_TSC_DEADLINE, r13)
    RDMSR(MSR_TSC_DEADLINE)
    mov r14, rax
    read_tsc
    cmp rax, r13
    jae 4f                                  // the host stood still for so long: it may have fired
    CHECK(r14, r13)
4:  sti
    hlt
    cli
    read_tsc
    cmp rax, r13
    CHECK_FLAGS(FL_CF, 0)                   // not before
    RDMSR(MSR_TSC_DEADLINE)
    CHECK(rax, 0)
    dec r12d
    jnz 1b
    CHECK64(ticks, 5)
    // in the past
    WRMSR(MSR_TSC_DEADLINE, 1)
    sti
    nop
    nop
2:  cmp qword ptr [ticks], 6
    jb 2b
    cli
    // disarmed: again, if the host stood still for so long that it may have fired before
5:  read_tsc
    lea r13, [rax + 3000000]
    WRMSR(MSR_TSC_DEADLINE, r13)
    WRMSR(MSR_TSC_DEADLINE, 0)
    read_tsc
    cmp rax, r13
    jb 6f
    sti
    nop
    nop
    cli
    jmp 5b
6:  mov r14, [ticks]
    sti
3:  read_tsc
    sub rax, r13
    cmp rax, 10000000
    jl 3b
    cli
    CHECK([ticks], r14)
    // the initial count register does nothing in this mode
    APIC_WRITE(APIC_TIMER_INIT, 1000)
    APIC_READ(APIC_TIMER_CURRENT)
    CHECK(rax, 0)
    PASS
