// What the translator does not have: task switches and virtual-8086 mode. Each place is an exception, time and again, and
// one line in the log.
// expect: exit 33
// expect: serial "vCPU 0: a task gate in the IDT at 0x"
// expect: serial "vCPU 0: a far transfer to another task at 0x"
// expect: serial "vCPU 0: IRET to another task at 0x"
// expect: serial "vCPU 0: IRET to virtual-8086 mode at 0x"
// qemu: skip it has these
// kvm: skip processors have these
#include "protected.inc"

#define TASK_GATE 0x50

guest_main:
    mov dword ptr [idt + TASK_GATE * 8], TSSSEL << 16
    mov dword ptr [idt + TASK_GATE * 8 + 4], 0xe500
    mov dword ptr [gdt + SPARE], 103                // a TSS that nothing has to be right in
    mov dword ptr [gdt + SPARE + 4], 0x00008900

    mov esi, 2
1:  FAULT(GP, TASK_GATE * 8 + 2, int TASK_GATE)
    USER_FAULT(GP, TASK_GATE * 8 + 2, int TASK_GATE)
    FAULT(UD, 0, .byte 0xea; .long 0; .word SPARE)
    FAULT(UD, 0, .byte 0x9a; .long 0; .word SPARE)

    pushfd
    or dword ptr [esp], FL_NT
    popfd
    FAULT(UD, 0, iretd)                     // the handler's popfd clears NT

    push 0x20202                            // VM
    push KCS
    push offset not_here
    FAULT(UD, 0, iretd)
    add esp, 12
    dec esi
    jnz 1b
    PASS

not_here:
    NOT_REACHED
