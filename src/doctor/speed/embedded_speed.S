// The workload, as the build made it (src/guest/speed), as data of this program.
    .section .rodata
    .balign 16
    .global hospes_embedded_speed, hospes_embedded_speed_end
hospes_embedded_speed:
    .incbin HOSPES_SPEED
hospes_embedded_speed_end:
    .section .note.GNU-stack, "", @progbits
