// int n through gates that are missing, of the wrong kind, of too low a DPL, with a wrong code selector, or beyond the
// IDT's limit: error codes with the IDT bit (vector * 8 + 2), or the selector.
// expect: exit 33
// qemu: skip TCG 7.2 computes vector * 16 + 2 in long mode
#include "long.inc"

guest_main:
    mov byte ptr [idt + 0x51 * 16 + 5], 0x0e        // not present
    FAULT(NP, 0x51 * 8 + 2, int 0x51)
    mov byte ptr [idt + 0x52 * 16 + 5], 0x82        // present, but an LDT: not a gate
    FAULT(GP, 0x52 * 8 + 2, int 0x52)
    mov byte ptr [idt + 0x53 * 16 + 5], 0x85        // a task gate is not for long mode
    FAULT(GP, 0x53 * 8 + 2, int 0x53)
    mov word ptr [idt + 0x54 * 16 + 2], 0           // null code selector
    FAULT(GP, 0, int 0x54)
    mov word ptr [idt + 0x54 * 16 + 2], KDS         // not code
    FAULT(GP, KDS, int 0x54)
    mov word ptr [idt + 0x54 * 16 + 2], KCS32       // not 64-bit code
    FAULT(GP, KCS32, int 0x54)

    // ring 3: only gates of DPL 3
    USER_FAULT(GP, 0x40 * 8 + 2, int 0x40)
    USER_FAULT(GP, PF * 8 + 2, int 14)
    USER_FAULT(GP, 1 * 8 + 2, int 1)
    // beyond the IDT's limit
    lidt [short_idt]
    FAULT(GP, 0x71 * 8 + 2, int 0x71)
    lidt [idt_pointer]

    // a benign exception that cannot be delivered gives the second fault itself, with EXT
    mov byte ptr [idt + UD * 16 + 5], 0x0e
    FAULT(NP, UD * 8 + 3, ud2)
    PASS
    .data
short_idt: .word 0x71 * 16 + 14
    .quad idt
