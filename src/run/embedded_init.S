// The guest's init, as the build made it (src/guest/init), as data of this program.
    .section .rodata
    .balign 16
    .global hospes_embedded_init, hospes_embedded_init_end
hospes_embedded_init:
    .incbin HOSPES_INIT
hospes_embedded_init_end:
    .section .note.GNU-stack, "", @progbits
