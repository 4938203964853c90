// Self-IPIs: by xAPIC ICR shorthand and destination, by x2APIC ICR and SELF IPI; taken at once with IF = 1, after sti's
// shadow otherwise; IRR and ISR bits; priorities by TPR, CR8 and a handler in service; nested handlers.
// expect: exit 33
#include "long.inc"
#include "apic.inc"

#define SEND(vector) APIC_WRITE(APIC_ICR, 0x40000 + vector); call settle

guest_main:
    GATE(0x40, handler_low)
    GATE(0x80, handler_high)
    APIC_ENABLE
    sti
    SEND(0x40)
    cli
    CHECK64(order, 0x40)
    // pending: IRR; after sti the next instruction still runs first
    SEND(0x40)
    APIC_READ(APIC_IRR + 0x20)
    CHECK(rax, 1)
    xor ecx, ecx
    mov qword ptr [order], 0
    sti
    mov rcx, [order]                        // in the shadow: not yet
    mov rdx, [order]
    cli
    CHECK(rcx, 0)
    CHECK(rdx, 0x40)
    APIC_READ(APIC_IRR + 0x20)
    CHECK(rax, 0)
    // sti; cli leaves no room, sti; sti only one
    SEND(0x40)
    mov qword ptr [order], 0
    sti
    cli
    CHECK64(order, 0)
    sti
    nop
    cli
    CHECK64(order, 0x40)
    // mov ss and pop ss have a shadow too
    SEND(0x40)
    mov qword ptr [order], 0
    mov eax, KDS
    sti
    mov ss, eax
    mov rcx, [order]
    mov rdx, [order]
    cli
    CHECK(rdx, 0x40)
    // popfq and iretq have none: the interrupt is taken before the next instruction
    SEND(0x40)
    mov qword ptr [order], 0
    push FL_IF
    popfq
    mov rcx, [order]
    cli
    CHECK(rcx, 0x40)

    // two pending: the higher vector first; both run
    mov qword ptr [order], 0
    SEND(0x40)
    SEND(0x80)
    sti
    call settle
    cli
    CHECK64(order, 0x8040)
    // TPR: class 4 is held back, class 8 is not
    APIC_WRITE(APIC_TPR, 0x50)
    mov rax, cr8
    CHECK(rax, 5)
    mov qword ptr [order], 0
    SEND(0x40)
    SEND(0x80)
    sti
    call settle
    CHECK64(order, 0x80)
    xor eax, eax
    mov cr8, rax                            // opens it
    call settle
    cli
    CHECK64(order, 0x8040)
    APIC_READ(APIC_TPR)
    CHECK(rax, 0)
    // CR8 = 15 holds everything
    mov eax, 15
    mov cr8, rax
    mov qword ptr [order], 0
    SEND(0x80)
    sti
    call settle
    CHECK64(order, 0)
    xor eax, eax
    mov cr8, rax
    call settle
    cli
    CHECK64(order, 0x80)

    // nested: the low handler enables interrupts, a high one comes in, a low one waits for its EOI
    GATE(0x40, handler_nesting)
    mov qword ptr [order], 0
    SEND(0x40)
    sti
    call settle
    cli
    CHECK64(order, 0x40802041)
    PASS

// Time for an interrupt to get here: a local APIC may take a while
settle:
    push rax
    push rcx
    mov ecx, 50
1:  APIC_READ(APIC_ID)
    dec ecx
    jnz 1b
    pop rcx
    pop rax
    ret
handler_low:
    shl qword ptr [order], 8
    or qword ptr [order], 0x40
    push rbx
    mov ebx, LAPIC
    mov dword ptr [rbx + APIC_EOI], 0
    pop rbx
    iretq
handler_high:
    shl qword ptr [order], 8
    or qword ptr [order], 0x80
    push rbx
    mov ebx, LAPIC
    mov dword ptr [rbx + APIC_EOI], 0
    pop rbx
    iretq
handler_nesting:
    shl qword ptr [order], 8
    or qword ptr [order], 0x40
    push rax
    push rbx
    mov ebx, LAPIC
    cmp dword ptr [rbx + APIC_ISR + 0x20], 1        // in service
    jne 1f
    GATE(0x41, handler_second)
    sti
    mov dword ptr [rbx + APIC_ICR], 0x40041         // the same class: waits
    mov dword ptr [rbx + APIC_ICR], 0x40080         // a higher one: comes in here
    call settle
    cli
    shl qword ptr [order], 8
    or qword ptr [order], 0x20
    mov dword ptr [rbx + APIC_EOI], 0
1:  pop rbx
    pop rax
    iretq
handler_second:
    shl qword ptr [order], 8
    or qword ptr [order], 0x41
    push rbx
    mov ebx, LAPIC
    mov dword ptr [rbx + APIC_EOI], 0
    pop rbx
    iretq
    .data
    .balign 8
order: .quad 0
