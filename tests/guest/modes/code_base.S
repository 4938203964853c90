// 32-bit code whose segment has a base: RIP is not the linear address. Branches, calls, an instruction over a page's
// end, reading through CS, patched code, faults at the code's own page; the same code at another base.
// expect: exit 33
#include "protected.inc"
#define BASE  0x1230
#define BASE2 0x3000

.macro far_jump_ selector, target
    .byte 0xea
    .long \target
    .word \selector
.endm

guest_main:
    PAGING_ON
    DESCRIPTOR(SPARE, BASE * 0x10000 + 0xffff, 0x00cf9b00)
    DESCRIPTOR(SPARE + 8, BASE2 * 0x10000 + 0xffff, 0x00cf9b00)
    mov edx, offset step - BASE
    mov dword ptr [back], offset 1f
    far_jump_ SPARE, first-BASE
1:  CHECK(eax, 0x1234)
    CHECK(ebx, 21 + 0x2000)
    mov edx, offset step - BASE2            // the same physical code
    mov dword ptr [back], offset 1f
    far_jump_ SPARE+8, first-BASE2
1:  CHECK(ebx, 21 + 0x2000)
    mov byte ptr [step + 2], 3
    mov edx, offset step - BASE
    mov dword ptr [back], offset 1f
    far_jump_ SPARE, first-BASE
1:  CHECK(ebx, 10 + 11 * 3 + 0x2000)
    mov byte ptr [step + 2], 1
    mov edx, offset step - BASE2
    mov dword ptr [back], offset 1f
    far_jump_ SPARE+8, first-BASE2
1:  CHECK(ebx, 21 + 0x2000)

    // faults: the saved EIP is not linear, CR2 is
    fault_arm_ 1f
    far_jump_ SPARE, 2f-BASE
2:  ud2
1:  CHECK([fault_vec], UD)
    CHECK([fault_rip], offset 2b - BASE)
    UNMAP(1)
    fault_arm_ 1f
    far_jump_ SPARE, WIN+0x1004-BASE
1:  CHECK([fault_vec], PF)
    CHECK([fault_rip], WIN + 0x1004 - BASE)
    CHECK([fault_cr2], WIN + 0x1004)
    // another mapping, then another page there: INVLPG names the linear address
    mov byte ptr [page + 2048], 0x43        // inc ebx; ret
    mov byte ptr [page + 2049], 0xc3
    mov byte ptr [page2 + 2048], 0x4b       // dec ebx; ret
    mov byte ptr [page2 + 2049], 0xc3
    xor ebx, ebx
    mov edx, WIN + 0x1800 - BASE
    far_jump_ SPARE, 1f-BASE
1:  MAP(1, offset page + PTE_P)
    call edx
    call edx
    CHECK(ebx, 2)
    MAP(1, offset page2 + PTE_P)
    call edx
    CHECK(ebx, 1)
    PASS

first:
    xor ebx, ebx
    mov ecx, 10
1:  inc ebx
    call step
    loop 1b
    call edx
    jmp across
step:
    add ebx, 1
    ret
    .balign 4096
    .skip 4090 - 3
across:
    add ebx, 0x1000
    add ebx, 0x1000                         // 6 bytes, 3 of them in the next page
    mov eax, cs:[edx + value - step]        // EDX has the base taken off
    jmp fword ptr [back]
    .balign 4
value: .long 0x1234
    .data
    .balign 4
back:  .long 0
    .word KCS
PAGE(page)
PAGE(page2)
