// #UD: what long mode does not have, encodings that are reserved, control registers that are
// not there; RIP at the instruction, prefixes included. More than 15 bytes: #GP.
// expect: exit 33
#include "long.inc"
#define BAD(...) FAULT(UD, 0, .byte __VA_ARGS__)

guest_main:
    FAULT(UD, 0, ud2)
    BAD(0x0f, 0xb9, 0xc0)                   // ud1
    BAD(0x66, 0xf3, 0x0f, 0x0b)             // ud2 with prefixes
    BAD(0x06)                               // push es and kin
    BAD(0x07)
    BAD(0x0e)
    BAD(0x16)
    BAD(0x17)
    BAD(0x1e)
    BAD(0x1f)
    BAD(0x27)                               // daa, das, aaa, aas
    BAD(0x2f)
    BAD(0x37)
    BAD(0x3f)
    BAD(0x60)                               // pusha, popa
    BAD(0x61)
    BAD(0x82, 0xc0, 0x01)                   // alias of 80
    BAD(0x9a, 0, 0, 0, 0, 0, 0)             // far call and jump with an immediate pointer
    BAD(0xea, 0, 0, 0, 0, 0, 0)
    BAD(0xce)                               // into
    BAD(0xd4, 0x0a)                         // aam, aad, salc
    BAD(0xd5, 0x0a)
    BAD(0xd6)
    BAD(0x8e, 0xc8)                         // mov cs, eax
    BAD(0x8c, 0xf0)                         // mov eax, segment 6
    BAD(0x8d, 0xc0)                         // lea eax, eax
    BAD(0xfe, 0xd0)                         // group 4 /2
    BAD(0xff, 0xf8)                         // group 5 /7
    BAD(0xff, 0xd8)                         // call far register
    BAD(0x0f, 0xc7, 0xc8)                   // cmpxchg8b register
    BAD(0x0f, 0xba, 0xc0, 0x01)             // group 8 /0
    BAD(0x0f, 0x20, 0xc8)                   // mov rax, cr1
    BAD(0x0f, 0x20, 0xe8)                   // mov rax, cr5
    BAD(0x44, 0x0f, 0x20, 0xc8)             // mov rax, cr9
    BAD(0x0f, 0xaa)                         // rsm

    // an undefined instruction is not fetched further than needed, and the next one is not lost
    mov eax, 5
    FAULT(UD, 0, ud2)
    inc eax
    CHECK(rax, 6)
    USER_FAULT(UD, 0, ud2)

    // length: 15 bytes run, 16 do not
    mov eax, 1
    .byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90, 0x90
    .byte 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x05, 7, 0, 0, 0      // 15 bytes: add eax, 7
    CHECK(rax, 8)
    FAULT(GP, 0, .byte 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x05, 7, 0, 0, 0)
    CHECK(rax, 8)
    PASS
