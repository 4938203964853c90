// The PIT through the PIC: IRQ 0 wakes hlt, stops a tight loop and a loop that stores; masked and with IF = 0 it waits;
// without EOI no second one comes.
// expect: exit 33
#include "long.inc"
#include "apic.inc"

guest_main:
    GATE(0x20, pic_tick)
    PIT_START(2, 11932)                     // 100 Hz
    mov al, 0xfe
    out 0x21, al
    // hlt
    mov r12d, 3
1:  sti
    hlt
    cli
    dec r12d
    jnz 1b
    mov rax, [ticks]
    cmp rax, 3
    setae al
    movzx eax, al
    CHECK(rax, 1)

    // jmp . is left by the handler
    GATE(0x20, leave_loop)
    mov qword ptr [way_out], offset 3f
    sti
2:  jmp 2b
3:  CHECK([from], offset 2b)
    // a loop that stores, one that only counts, one in ring 3
    mov qword ptr [way_out], offset 5f
    mov r15, rsp
    sti
4:  inc rcx
    mov [counter], rcx
    jmp 4b
5:  mov rsp, r15
    mov qword ptr [way_out], offset 7f
    sti
6:  inc rcx
    add rdx, rcx
    xor rdx, rax
    jmp 6b
7:  GATE(0x20, pic_tick)
    mov qword ptr [ticks], 0
    pushfq
    or qword ptr [rsp], FL_IF
    popfq
    mov eax, offset ticks + USER
    IN_USER(8: cmp qword ptr [rax], 0; je 8b)
    cli

    // masked: nothing comes
    in al, 0x21
    or al, 1
    out 0x21, al
    call drain
    mov qword ptr [ticks], 0
    sti
    call wait_20_ms
    cli
    CHECK64(ticks, 0)
    // no EOI: one, and no more
    GATE(0x20, no_eoi)
    mov al, 0xfe
    out 0x21, al
    sti
9:  cmp qword ptr [ticks], 0                // a busy host may be late with the first
    je 9b
    call wait_20_ms
    call wait_20_ms
    cli
    CHECK64(ticks, 1)
    mov al, 0x0b                            // the ISR shows it in service
    out 0x20, al
    in al, 0x20
    and eax, 1
    CHECK(rax, 1)
    mov al, 0x20
    out 0x20, al
    in al, 0x20
    and eax, 1
    CHECK(rax, 0)
    PASS

no_eoi:
    inc qword ptr [ticks]
    iretq
leave_loop:
    push rax
    mov rax, [rsp + 8]
    mov [from], rax
    mov rax, [way_out]
    mov [rsp + 8], rax
    and qword ptr [rsp + 24], ~FL_IF
    mov al, 0x20
    out 0x20, al
    pop rax
    iretq
drain:
    sti
    nop
    nop
    cli
    ret
// PIT channel 2, polled: 23864 counts
wait_20_ms:
    in al, 0x61
    and al, 0xfc
    or al, 1
    out 0x61, al
    mov al, 0xb0
    out 0x43, al
    mov al, 23864 & 255
    out 0x42, al
    mov al, 23864 >> 8
    out 0x42, al
1:  in al, 0x61
    test al, 0x20
    jz 1b
    ret
    .data
    .balign 8
way_out: .quad 0
from:    .quad 0
counter: .quad 0
