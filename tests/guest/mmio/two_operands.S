// Instructions with two memory operands of which one or both are device registers: movs, cmps,
// scas; rep strings over the window of the IOAPIC.
// expect: exit 33
#include "long.inc"
#include "apic.inc"

guest_main:
    APIC_ENABLE
    mov ebx, LAPIC
    mov dword ptr [rbx + APIC_TPR], 0x50
    // movs from RAM to device, device to RAM, device to device
    mov dword ptr [buffer], 0x70
    mov esi, offset buffer
    lea rdi, [rbx + APIC_TPR]
    cld
    movsd
    lea rsi, [rbx + APIC_TPR]
    mov edi, offset buffer + 4
    movsd
    CHECK32(buffer + 4, 0x70)
    mov eax, IOAPIC
    mov dword ptr [rax], 0
    mov dword ptr [rax + 0x10], 0x05000000  // the IOAPIC's ID
    lea rsi, [rax + 0x10]
    mov edi, offset buffer
    movsd
    CHECK32(buffer, 0x05000000)
    lea rsi, [rax + 0x10]
    lea rdi, [rbx + APIC_LDR]
    movsd                                   // device to device
    CHECK32(rbx + APIC_LDR, 0x05000000)
    CHECK(rdi, LAPIC + APIC_LDR + 4)
    // cmps, scas
    lea rsi, [rbx + APIC_LDR]
    lea rdi, [rax + 0x10]
    cmpsd
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov eax, 0x70
    lea rdi, [rbx + APIC_TPR]
    scasd
    CHECK_FLAGS(FL_ZF, FL_ZF)
    // rep movs into the data window
    mov esi, offset values
    mov ecx, 3
    mov edi, IOAPIC
    mov dword ptr [rdi], 0
1:  mov edi, IOAPIC + 0x10
    mov r8d, ecx
    mov ecx, 1
    rep movsd
    mov ecx, r8d
    dec ecx
    jnz 1b
    mov edx, IOAPIC
    CHECK32(rdx + 0x10, 0x03000000)
    mov dword ptr [rdx + 0x10], 0

    // movs whose store faults : RSI and RDI stay
    lea rsi, [rbx + APIC_TPR]
    mov edi, WIN
    UNMAP(0)
    FAULT_PF(ERR_W, WIN, movsd)
    CHECK(rsi, LAPIC + APIC_TPR)
    CHECK(rdi, WIN)
    PASS
    .data
    .balign 8
buffer: .quad 0, 0
values: .long 0x01000000, 0x02000000, 0x03000000
