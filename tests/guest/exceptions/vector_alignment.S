// Misaligned vectors: #GP(0) for the aligned legacy SSE forms, vmovaps and cmpxchg16b; none for AVX and unaligned forms.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"

guest_main:
    mov ebx, offset data + 4
    pxor xmm0, xmm0
    FAULT(GP, 0, movaps xmm0, [rbx])
    FAULT(GP, 0, movaps [rbx], xmm0)
    FAULT(GP, 0, movdqa xmm0, [rbx])
    FAULT(GP, 0, addps xmm0, [rbx])
    FAULT(GP, 0, pxor xmm0, [rbx])
    FAULT(GP, 0, movntps [rbx], xmm0)
    FAULT(GP, 0, vmovaps xmm0, [rbx])
    FAULT(GP, 0, vmovaps ymm0, [rbx + 12])  // 16 is not enough for 32
    FAULT(GP, 0, vmovdqa [rbx], ymm0)
    FAULT(GP, 0, vmovntdq [rbx + 12], ymm0)
    FAULT(GP, 0, lock cmpxchg16b [rbx])
    FAULT(GP, 0, fxsave [rbx])
    FAULT(GP, 0, xsave [rbx + 12])          // needs 64
    CHECK64(rbx, 0x0000000200000001)
    vmovaps xmm1, [rbx + 12]
    movups xmm0, [rbx]
    movq rax, xmm0
    CHECK(rax, 0x0000000200000001)
    vaddps ymm0, ymm0, [rbx]
    vpxor xmm0, xmm0, [rbx]
    lddqu xmm0, [rbx]
    addss xmm0, [rbx + 1]
    addsd xmm0, [rbx + 1]
    movq mm0, [rbx + 1]
    emms
    // stack-relative: still #GP(0), as the address itself is canonical
    FAULT(GP, 0, movaps xmm0, [rsp + 4 - 8 + 5])
    USER_FAULT(GP, 0, movaps xmm0, [rip + data + 4])
    PASS
    .data
    .balign 64
data: .long 0, 1, 2, 3
    .skip 1024
