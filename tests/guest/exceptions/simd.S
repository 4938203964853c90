// #XM: an unmasked SSE or AVX exception faults at the instruction; the destination is unchanged, MXCSR has the flag.
// Without CR4.OSXMMEXCPT it is #UD.
// expect: exit 33
// qemu: skip TCG raises no SIMD floating-point exceptions
#include "long.inc"
#define ZM 0x1d80       /* all masked but divide by zero */
#define ZE 4

guest_main:
    ldmxcsr [unmasked]
    movaps xmm0, [ones]
    xorps xmm1, xmm1
    FAULT(XM, 0, divps xmm0, xmm1)
    movq rax, xmm0
    CHECK(rax, 0x3f8000003f800000)
    stmxcsr [scratch]
    CHECK32(scratch, ZM + ZE)
    FAULT(XM, 0, divps xmm0, xmm1)          // sticky flags do not matter
    ldmxcsr [unmasked]
    FAULT(XM, 0, divss xmm0, [zero])
    FAULT(XM, 0, vdivps ymm2, ymm0, [zero])
    FAULT(XM, 0, vdivsd xmm0, xmm0, xmm1)
    USER_FAULT(XM, 0, divss xmm0, xmm1)
    movq rax, xmm0
    CHECK(rax, 0x3f8000003f800000)
    // flags of exceptions that are masked and come with it
    ldmxcsr [unmasked]
    CR_CLEAR(cr4, CR4_OSXMMEXCPT)
    FAULT(UD, 0, divps xmm0, xmm1)
    CR_SET(cr4, CR4_OSXMMEXCPT)
    ldmxcsr [masked]
    divps xmm0, xmm1
    movq rax, xmm0
    CHECK(rax, 0x7f8000007f800000)
    stmxcsr [scratch]
    CHECK32(scratch, 0x1f80 + ZE)
    FAULT(GP, 0, ldmxcsr [reserved])        // reserved bits of MXCSR
    stmxcsr [scratch]
    CHECK32(scratch, 0x1f80 + ZE)
    PASS
    .data
    .balign 32
ones: .long 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000
zero: .skip 32
unmasked: .long ZM
masked:   .long 0x1f80
reserved: .long 0x11f80
scratch:  .quad 0
