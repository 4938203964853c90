// Data in a page of code: stores beside the code (and reads of it) change nothing but the data, and the code goes on; a store that covers
// the last byte of one function and the first of the next data does both.
// expect: exit 33
#include "long.inc"

guest_main:
    mov ecx, 5000
    xor eax, eax
1:  call function
    inc dword ptr [counter]
    mov [last], eax
    lock add dword ptr [total], eax
    dec ecx
    jnz 1b
    CHECK(rax, 5000)
    CHECK32(counter, 5000)
    CHECK32(last, 5000)
    CHECK32(total, 12502500)
    // a store across the border between code and data
    mov edx, [border - 2]
    mov ecx, 2000
2:  add edx, 0x10000                        // only the data half changes
    mov [border - 2], edx
    call second
    dec ecx
    jnz 2b
    CHECK(rax, 7000)
    CHECK16(border, 2000)
    // the code half too: dec in place of inc
    mov dword ptr [second - 2], 0xc8ff0000
    call second
    CHECK(rax, 6999)
    // the stack in the page of code
    mov r15, rsp
    mov rsp, offset small_stack_top
    mov ecx, 500
3:  push rax
    call function
    pop rdx
    dec ecx
    jnz 3b
    mov rsp, r15
    CHECK(rax, 7499)
    CHECK(rdx, 7498)
    PASS

    .balign 64
function:
    inc eax
    ret
counter: .long 0
last:    .long 0
total:   .long 0
second:
    inc eax
    nop
    ret
    .byte 0x90
border: .word 0
    .skip 128
small_stack_top:
