// #UD: LOCK where it may not be, VEX with legacy prefixes or REX, reserved VEX fields. (Measured on AMD EPYC.)
// expect: exit 33
// qemu: skip TCG runs most of these
#include "long.inc"
#define BAD(...) FAULT(UD, 0, .byte __VA_ARGS__)

guest_main:
    mov ebx, offset data
    // LOCK
    BAD(0xf0, 0x90)                         // nop
    BAD(0xf0, 0x01, 0xc0)                   // add eax, eax
    BAD(0xf0, 0x89, 0x03)                   // mov [rbx], eax
    BAD(0xf0, 0x03, 0x03)                   // add eax, [rbx]
    BAD(0xf0, 0x39, 0x03)                   // cmp [rbx], eax
    BAD(0xf0, 0x0f, 0xa3, 0x03)             // bt [rbx], eax
    BAD(0xf0, 0xd1, 0x23)                   // shl dword ptr [rbx], 1
    BAD(0xf0, 0x87, 0xc0)                   // xchg eax, eax
    // VEX with a legacy prefix, with REX, with a reserved vvvv, a scalar op with a bad L
    BAD(0x66, 0xc5, 0xf8, 0x58, 0xc0)
    BAD(0xf0, 0xc5, 0xf8, 0x58, 0xc0)
    BAD(0x48, 0xc5, 0xf8, 0x58, 0xc0)
    BAD(0xc5, 0xf0, 0x51, 0xc0)             // vsqrtps needs vvvv = 1111
    BAD(0xc4, 0xe2, 0x74, 0xf2, 0xc0)       // andn with L = 1
    PASS
    .data
    .balign 8
data: .quad 0
