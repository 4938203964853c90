// Stack overflow without an IST stack for #DF: page fault, double fault, shutdown.
// expect: shutdown
#include "long.inc"

guest_main:
    mov rsp, WIN + 0x800
    push rax
    NOT_REACHED
