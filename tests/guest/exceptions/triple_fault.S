// A fault that cannot be delivered, nor the double fault after it: shutdown.
// expect: shutdown
#include "long.inc"

guest_main:
    lidt [no_idt]
    ud2
    NOT_REACHED
    .data
no_idt: .word 0
    .quad 0
