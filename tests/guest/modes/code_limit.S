// A 32-bit code segment with a limit: near jumps, calls and returns beyond it are #GP(0) at the jump, with the stack as
// it was.
// expect: exit 33
// qemu: skip TCG does not check limits
#include "protected.inc"

.macro limited_ line, instruction:vararg
    mov dword ptr [chk_line], \line
    fault_arm_ 772f
    .byte 0xea
    .long 771f
    .word SPARE
771: \instruction
772: fault_check_ GP, 0, 771b, \line
.endm
#define LIMITED(...) limited_ __LINE__, __VA_ARGS__

guest_main:
    DESCRIPTOR(SPARE, 0x0000010f, 0x00c09b00)       // up to 0x10ffff
    mov edx, 0x110000
    mov [target], edx
    mov edi, esp
    LIMITED(jmp edx)
    LIMITED(call edx)
    CHECK(esp, edi)
    LIMITED(jmp [target])
    LIMITED(call [target])
    CHECK(esp, edi)
    push edx
    mov edi, esp
    LIMITED(ret)
    CHECK(esp, edi)
    LIMITED(ret 8)
    CHECK(esp, edi)
    mov edx, offset inside
    .byte 0xea
    .long 1f
    .word SPARE
1:  call edx
    CHECK(ecx, 5)
    PASS
inside:
    mov ecx, 5
    ret
    .data
    .balign 4
target: .long 0
