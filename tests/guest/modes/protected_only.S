// Instructions that long mode does not have, in 32-bit protected mode: results and flags.
// expect: exit 33
#include "protected.inc"
#define ASCII_FLAGS FL_CF + FL_AF

guest_main:
    // pusha, popa: order, and ESP is not popped
    mov eax, 1
    mov ecx, 2
    mov edx, 3
    mov ebx, 4
    mov ebp, 5
    mov esi, 6
    mov edi, 7
    mov [saved_esp], esp
    pusha
    CHECK32(esp, 7)
    CHECK32(esp + 4, 6)
    CHECK32(esp + 16, 4)
    CHECK32(esp + 28, 1)
    mov edx, [esp + 12]
    cmp edx, [saved_esp]
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov dword ptr [esp + 12], 0x9999
    mov dword ptr [esp + 28], 0x1111
    popa
    CHECK(eax, 0x1111)
    CHECK(edx, 3)
    cmp esp, [saved_esp]
    CHECK_FLAGS(FL_ZF, FL_ZF)
    pushaw
    popaw
    cmp esp, [saved_esp]
    CHECK_FLAGS(FL_ZF, FL_ZF)

    // decimal arithmetic
    mov eax, 0x79
    add al, 0x35                            // ae
    daa
    CHECK(eax, 0x14)
    CHECK_FLAGS(ASCII_FLAGS, FL_CF + FL_AF)
    mov eax, 0x35
    sub al, 0x47
    das
    CHECK(eax, 0x88)
    CHECK_FLAGS(FL_CF, FL_CF)
    mov eax, 0x0508
    add al, 9
    aaa
    CHECK(eax, 0x0607)
    CHECK_FLAGS(ASCII_FLAGS, FL_CF + FL_AF)
    mov eax, 0x0503
    sub al, 9
    aas
    CHECK(eax, 0x0404)
    CHECK_FLAGS(ASCII_FLAGS, FL_CF + FL_AF)
    mov eax, 63
    aam
    CHECK(eax, 0x0603)
    aad
    CHECK(eax, 63)
    CHECK_FLAGS(FL_PF + FL_ZF + FL_SF, FL_PF)
    .byte 0xd4, 16                          // aam 16
    CHECK(eax, 0x030f)
    FAULT(DE, 0, .byte 0xd4, 0)
    stc
    .byte 0xd6                              // salc
    CHECK(eax, 0x03ff)
    clc
    .byte 0xd6
    CHECK(eax, 0x0300)

    // one-byte inc and dec leave CF; 0x82 is 0x80
    mov ecx, 0x7fffffff
    stc
    .byte 0x41                              // inc ecx
    CHECK_FLAGS(FL_CF + FL_OF + FL_SF, FL_CF + FL_OF + FL_SF)
    CHECK(ecx, 0x80000000)
    .byte 0x49
    CHECK(ecx, 0x7fffffff)
    .byte 0x82, 0xc1, 0x01                  // add cl, 1
    CHECK(ecx, 0x7fffff00)

    // into, bound
    mov eax, 1
    add eax, eax
    into
    mov eax, 0x7fffffff
    add eax, 1
    TRAP(OF, 0, into)
    mov eax, 5
    bound eax, [limits]
    mov eax, 11
    FAULT(BR, 0, bound eax, [limits])
    mov eax, -1
    FAULT(BR, 0, bound eax, [limits])
    mov eax, 0x5000a
    bound ax, [limits16]
    FAULT(UD, 0, .byte 0x62, 0xc0)          // EVEX or bound with a register: nothing here

    // segment registers on the stack; les, lds
    push ds
    CHECK32(esp, KDS)
    pop es
    push es
    pop ds
    mov eax, 0
    les eax, [pointer]
    CHECK(eax, 0x12345678)
    mov ecx, es
    CHECK(ecx, KDS)
    lds edx, [pointer]
    CHECK(edx, 0x12345678)
    FAULT(UD, 0, .byte 0xc5, 0xc0)          // lds with a register is VEX, and AVX is off

    // far call and jump with immediate pointers; call gates are elsewhere
    mov [saved_esp], esp
    .byte 0x9a                              // call KCS:far_function
    .long far_function
    .word KCS
    CHECK(ecx, KCS)
    cmp esp, [saved_esp]
    CHECK_FLAGS(FL_ZF, FL_ZF)
    .byte 0xea
    .long 1f
    .word KCS
    NOT_REACHED
1:  // loop and jcxz with either counter; xlat
    mov ecx, 0x10000
    .byte 0x67, 0xe3, 0x05                  // jcxz +5: CX is 0
    jmp 2f
    nop
    nop
    nop
    jmp 3f
2:  NOT_REACHED
3:  mov ecx, 3
    xor eax, eax
4:  inc eax
    loop 4b
    CHECK(eax, 3)
    mov eax, 0x304
    mov ebx, offset table
    xlatb
    CHECK(eax, 0x344)
    // REX prefixes are inc and dec here
    mov eax, 10
    .byte 0x48, 0x90                        // dec eax; nop
    CHECK(eax, 9)
    // arpl
    mov eax, 0x10
    mov ecx, 3
    arpl ax, cx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    CHECK(eax, 0x13)
    PASS
far_function:
    mov ecx, [esp + 4]
    retfd
    .data
    .balign 4
saved_esp: .quad 0
limits: .long 0, 10
limits16: .word 10, 10
pointer: .long 0x12345678
    .word KDS
table: .byte 0x40, 0x41, 0x42, 0x43, 0x44
