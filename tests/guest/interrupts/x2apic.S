// x2APIC: switched on by MSR, registers as MSRs, 64-bit ICR, SELF IPI, EOI, #GP for registers and values that are reserved.
// expect: exit 33
// qemu: skip TCG 7.2 has no x2APIC
// kvm: skip KVM's local APIC (Linux 6.1) takes values other than 0 for an EOI
#include "long.inc"
#define X2(reg) 0x800 + (reg) / 16
#include "apic.inc"

guest_main:
    NEED_CPUID(1, ecx, 21)
    GATE(0x40, tick)
    mov ecx, X2(APIC_VERSION)
    FAULT(GP, 0, rdmsr)                     // not yet
    RDMSR(MSR_APIC_BASE)
    or rax, 0xc00
    WRMSR(MSR_APIC_BASE, rax)
    WRMSR(X2(APIC_SVR), 0x1ff)
    RDMSR(X2(APIC_SVR))
    CHECK(rax, 0x1ff)
    RDMSR(X2(APIC_ID))
    CHECK(rax, 0)
    sti
    WRMSR(0x83f, 0x40)                      // SELF IPI
    call settle
    CHECK64(ticks, 1)
    WRMSR(X2(APIC_ICR), 0x40040)            // shorthand self
    call settle
    CHECK64(ticks, 2)
    WRMSR(X2(APIC_ICR), 0x0000000000000040) // destination 0
    call settle
    CHECK64(ticks, 3)
    cli
    WRMSR(0x83f, 0x40)
    RDMSR(X2(APIC_IRR + 0x20))
    CHECK(rax, 1)
    sti
    call settle
    cli
    CHECK64(ticks, 4)
    WRMSR(X2(APIC_TPR), 0x50)
    mov rax, cr8
    CHECK(rax, 5)
    xor eax, eax
    mov cr8, rax
    // reserved
    xor eax, eax
    xor edx, edx
    mov ecx, X2(APIC_VERSION)
    FAULT(GP, 0, wrmsr)                     // read only
    mov ecx, X2(APIC_EOI)
    FAULT(GP, 0, rdmsr)                     // write only
    mov eax, 1
    FAULT(GP, 0, wrmsr)                     // EOI takes 0 only
    mov ecx, X2(APIC_DFR)
    FAULT(GP, 0, rdmsr)                     // does not exist here
    mov ecx, 0x83f
    FAULT(GP, 0, rdmsr)
    mov ecx, X2(APIC_ICR_HI)
    FAULT(GP, 0, rdmsr)
    // x2APIC -> xAPIC is not allowed
    mov ecx, MSR_APIC_BASE
    rdmsr
    and eax, ~0x400
    FAULT(GP, 0, wrmsr)
    PASS
settle:
    push rcx
    mov ecx, 200
1:  pause
    dec ecx
    jnz 1b
    pop rcx
    ret
tick:
    inc qword ptr [ticks]
    WRMSR(X2(APIC_EOI), 0)
    iretq
