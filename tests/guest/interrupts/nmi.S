// An NMI that a processor sends to itself: with interrupts off; a second one waits for the IRET of the first one's
// handler, and two that wait are one.
// expect: exit 33
#include "long.inc"
#include "apic.inc"
#define NMI 2
#define ICR_NMI 0x4400

.macro self_nmi_
    mov dword ptr [rbx + APIC_ICR_HI], 0
    mov dword ptr [rbx + APIC_ICR], ICR_NMI
.endm
// It may take a moment to arrive.
.macro wait_for_ count
1:  pause
    cmp dword ptr [nmis], \count
    jne 1b
.endm

guest_main:
    GATE(NMI, on_nmi)
    APIC_ENABLE
    mov ebx, LAPIC
    self_nmi_
    wait_for_ 1
    CHECK32(deepest, 1)

    // two more while the handler runs are one, after its IRET
    mov dword ptr [again], 2
    self_nmi_
    wait_for_ 3
    CHECK32(deepest, 1)
    mov ecx, 100000
2:  pause
    dec ecx
    jnz 2b
    CHECK32(nmis, 3)

    PASS

on_nmi:
    push rax
    push rcx
    inc dword ptr [depth]
    mov eax, [depth]
    cmp eax, [deepest]
    jbe 1f
    mov [deepest], eax
1:  inc dword ptr [nmis]
    cmp dword ptr [again], 0
    je 3f
2:  self_nmi_
    dec dword ptr [again]
    jnz 2b
    mov ecx, 100000
1:  pause
    dec ecx
    jnz 1b
3:  dec dword ptr [depth]
    pop rcx
    pop rax
    iretq

    .data
    .balign 4
nmis: .long 0
depth: .long 0
deepest: .long 0
again: .long 0
