// Real mode, entered from protected mode: segments at 16 times the selector, limits of 64 KiB, the interrupt vector
// table, far transfers, 16- and 32-bit stacks of values; and back.
// expect: exit 33
// qemu: skip TCG does not check the limits of segments
#include "protected.inc"

#define LOW 0x8000                          // where the 16-bit code runs
#define RSEG 0x800                          // the same as a selector of real mode
#define R(label) (label - code16)
#define OUT 0x9800                          // what the real-mode code leaves to be checked
#define RESULT(n) (OUT + 4 * (n))
// Ends the run with a number on the way: where a check in real mode failed.
#define RCHECK16(number, got, want) cmp got, want; mov dx, number; jne failed
.macro set_vector_ number, handler
    mov word ptr [\number * 4], R(\handler)
    mov word ptr [\number * 4 + 2], RSEG
.endm
#define CODE64K SPARE
#define DATA64K (SPARE + 8)

guest_main:
    mov dword ptr [gdt + CODE64K], 0x0000ffff
    mov dword ptr [gdt + CODE64K + 4], 0x00009b00
    mov dword ptr [gdt + DATA64K], 0x0000ffff
    mov dword ptr [gdt + DATA64K + 4], 0x00009300
    mov esi, offset code16
    mov edi, LOW
    mov ecx, offset code16_end - code16
    cld
    rep movsb
    mov [saved_esp], esp
    mov dword ptr [0x12350], 0
    mov dword ptr [OUT], 0
    set_vector_ 0x40, on_int40
    set_vector_ 0x41, on_interrupt
    set_vector_ 0, on_fault0
    set_vector_ 6, on_fault6
    set_vector_ 12, on_fault12
    set_vector_ 13, on_fault13
    .byte 0xea
    .long LOW
    .word CODE64K

back:
    mov ax, KDS
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov ss, ax
    mov esp, [saved_esp]
    lidt [idt_pointer]
    CHECK32(RESULT(0), 0x600d)              // how far it came; else the number of the check that failed
    CHECK32(0x12350, 0xcc55aa77)            // 1234:0010
    CHECK16(RESULT(1), 0xb002)              // ffff:0010 is 1 MiB: the Multiboot magic
    PASS

    .code16
code16:
    mov ax, DATA64K
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov gs, ax
    mov ax, KDS
    mov fs, ax                              // keeps its limit of 4 GiB
    mov sp, 0x7000
    lidt [LOW + R(ivt_pointer)]
    mov eax, cr0
    and al, 0xfe
    mov cr0, eax
    .byte 0xea
    .word R(real), RSEG
real:
    // Segments.
    mov ax, RSEG
    mov ds, ax
    xor ax, ax
    mov ss, ax
    mov gs, ax
    mov fs, ax
    mov ax, cs
    RCHECK16(1, ax, RSEG)
    mov ax, 0x1234
    mov es, ax
    mov byte ptr es:[0x10], 0x77
    mov bx, 0x8
    mov si, 0x9
    mov byte ptr es:[bx + si], 0xaa
    mov ax, 0x1235
    push ax
    pop es
    mov byte ptr es:[2], 0x55
    mov di, 3
    mov al, 0xcc
    stosb
    mov ax, 0xffff
    mov es, ax
    mov ax, es:[0x10]
    mov gs:[RESULT(1)], ax
    mov word ptr cs:[R(written_code)], 0x4711   // code segments are writable
    mov ax, [R(written_code)]
    RCHECK16(2, ax, 0x4711)
    // The stack: 16 bits by default, 32 with a prefix.
    mov sp, 0x7000
    mov ebp, 0x11112222
    push bp
    push ebp
    RCHECK16(3, sp, 0x6ffa)
    pop eax
    RCHECK16(4, ax, 0x2222)
    shr eax, 16
    RCHECK16(5, ax, 0x1111)
    pop bx
    RCHECK16(6, bx, 0x2222)
    pusha
    RCHECK16(7, sp, 0x6ff0)
    popa
    pushfd
    pop eax
    pushf
    pop bx
    RCHECK16(8, ax, bx)
    // Near and far calls.
    xor cx, cx
    call near_function
    RCHECK16(9, cx, 1)
    .byte 0x9a                              // call far ptr16:16
    .word R(far_function), RSEG
    RCHECK16(10, cx, 11)
    .byte 0x66, 0x9a                        // call far ptr16:32
    .long R(far_function32)
    .word RSEG
    RCHECK16(11, cx, 111)
    push 0x5555
    call dword ptr [R(far_pointer)]         // m16:16, ret 2
    RCHECK16(12, cx, 1111)
    RCHECK16(13, sp, 0x7000)
    .byte 0xea
    .word R(other_selector) - 0x100, RSEG + 0x10
other_selector:
    mov ax, cs
    RCHECK16(14, ax, RSEG + 0x10)
    .byte 0xea
    .word R(interrupts), RSEG
interrupts:
    // INT n and IRET.
    xor bp, bp
    stc
    sti
    int 0x40
after_int40:
    mov dx, 15
    jnc failed
    pushf
    pop ax
    test ax, 0x200
    mov dx, 16
    jz failed
    cli
    RCHECK16(17, bp, 0x4040)
    // Exceptions have no error codes and return to the instruction.
    xor bp, bp
    mov ax, 1
    xor bl, bl
    div bl
    RCHECK16(18, bp, 1)
    lldt ax
    RCHECK16(19, bp, 7)
    mov bx, 0xffff
    mov ax, [bx]                            // the second byte is beyond the limit
    RCHECK16(20, bp, 20)
    mov ebx, 0x10000
    mov al, [ebx]
    RCHECK16(21, bp, 33)
    mov bp, 0xffff
    mov cx, [bp]                            // SS
    RCHECK16(22, bp, 12)
    // An entry beyond the table's limit.
    xor bp, bp
    lidt [R(short_ivt)]
    int 0x40
    lidt [R(ivt_pointer)]
    RCHECK16(23, bp, 13)
    // String instructions, with bases and 16-bit counts.
    mov ax, 0x0900
    mov es, ax
    mov si, R(text)
    mov di, 0x20
    mov ecx, 0x70004
    rep movsb
    RCHECK16(24, di, 0x24)
    mov ax, gs:[0x9022]
    RCHECK16(25, ax, 0x6463)
    mov si, R(text)
    mov di, 0x20
    mov cx, 4
    repe cmpsb
    mov dx, 26
    jne failed
    // A limit that was loaded in protected mode stays: FS reaches all memory.
    mov ebx, offset far_data
    mov eax, fs:[ebx]
    RCHECK16(27, ax, 0x7788)
    // An interrupt of the local APIC ends HLT.
    xor bp, bp
    mov ebx, 0xfee000f0
    mov dword ptr fs:[ebx], 0x1ff
    mov ebx, 0xfee00300
    mov dword ptr fs:[ebx], 0x40041
    sti
    hlt
    cli
    RCHECK16(28, bp, 0x4141)
    // Loops.
    mov cx, 1000
    xor ax, ax
1:  inc ax
    loop 1b
    RCHECK16(29, ax, 1000)
    mov dx, 0x600d
failed:
    xor ax, ax
    mov es, ax
    movzx edx, dx
    mov es:[RESULT(0)], edx
    lgdt [R(gdt_copy)]
    mov ax, 1
    lmsw ax
    .byte 0x66, 0xea
    .long back
    .word KCS

near_function:
    inc cx
    ret
far_function:
    add cx, 10
    retf
far_function32:
    add cx, 100
    .byte 0x66, 0xcb
far_function_pop:
    add cx, 1000
    retf 2

on_int40:
    mov bp, sp
    cmp word ptr [bp], R(after_int40)
    jne 1f
    cmp word ptr [bp + 2], RSEG
    jne 1f
    test word ptr [bp + 4], 0x200
    jz 1f
    pushf
    pop ax
    test ax, 0x300
    jnz 1f
    mov bp, 0x4040
    clc
    iret
1:  xor bp, bp
    iret
on_interrupt:
    mov ebx, 0xfee000b0
    mov dword ptr fs:[ebx], 0
    mov bp, 0x4141
    iret
    // Each fault adds to BP and skips its instruction.
on_fault0:
    add bp, 1
    push bp
    mov bp, sp
    add word ptr [bp + 2], 2
    pop bp
    iret
on_fault6:
    add bp, 6
    push bp
    mov bp, sp
    add word ptr [bp + 2], 3
    pop bp
    iret
on_fault12:
    mov bp, sp
    add word ptr [bp], 3
    mov bp, 12
    iret
on_fault13:
    add bp, 13
    push bp
    push bx
    mov bp, sp
    mov bx, [bp + 4]
    cmp byte ptr cs:[bx], 0x67              // an address size prefix
    jne 1f
    inc word ptr [bp + 4]
1:  add word ptr [bp + 4], 2
    pop bx
    pop bp
    iret

ivt_pointer: .word 0x3ff
    .long 0
short_ivt: .word 0x40 * 4 + 2
    .long 0
gdt_copy: .word gdt_end - gdt - 1
    .long gdt
far_pointer: .word R(far_function_pop), RSEG
written_code: .word 0
text: .ascii "abcd"
code16_end:
    .code32
    .data
saved_esp: .long 0
far_data: .long 0x7788
