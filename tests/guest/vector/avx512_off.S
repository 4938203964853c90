// AVX-512 where it is switched off: EVEX and instructions on mask registers are #UD until XCR0 has all of its three bits,
// which go together and need YMM; #NM with CR0.TS. CPUID tells the sizes. What becomes of the bits above those that an
// instruction writes.
// expect: exit 33
// needs: avx512f avx512bw avx512vl
// qemu: skip TCG has no AVX-512
#include "long.inc"

guest_main:
    NEED_CPUID(7, ebx, 16)
    // XCR0 is 7 here
    FAULT(UD, 0, vaddps zmm0, zmm1, zmm2)
    FAULT(UD, 0, vaddps xmm16, xmm1, xmm2)
    FAULT(UD, 0, kmovw k1, eax)
    FAULT(UD, 0, kortestw k1, k1)
    vaddps ymm0, ymm1, ymm2
    mov eax, 0xd
    xor ecx, ecx
    cpuid
    CHECK(rbx, 832)
    CHECK(rax, 0xe7)
    mov [largest], ecx
    // XSETBV's rules
    xor ecx, ecx
    xor edx, edx
    mov eax, 0x27
    FAULT(GP, 0, xsetbv)
    mov eax, 0xc7
    FAULT(GP, 0, xsetbv)
    mov eax, 0xe3
    FAULT(GP, 0, xsetbv)
    mov eax, 0xe7
    xsetbv
    vaddps zmm0, zmm1, zmm2
    kmovw k1, eax
    mov eax, 0xd
    xor ecx, ecx
    cpuid
    mov eax, [largest]
    CHECK(rbx, rax)
    // lazy switching
    CR_SET(cr0, CR0_TS)
    FAULT(NM, 0, vaddps zmm0, zmm1, zmm2)
    FAULT(NM, 0, kmovw k1, eax)
    FAULT(NM, 0, vpgatherdd zmm3{k1}, [rbx + zmm1*4])
    CR_CLEAR(cr0, CR0_TS)
    CR_CLEAR(cr4, CR4_OSXSAVE)
    FAULT(UD, 0, vaddps zmm0, zmm1, zmm2)
    FAULT(UD, 0, kmovw k1, eax)
    CR_SET(cr4, CR4_OSXSAVE)

    // bits above
    vpternlogd zmm1, zmm1, zmm1, 0xff
    vpternlogd zmm17, zmm17, zmm17, 0xff
    pxor xmm1, xmm1                         // legacy SSE: all stay
    vextracti64x4 ymm2, zmm1, 1
    vmovq rax, xmm2
    CHECK(rax, -1)
    vpxor xmm1, xmm1, xmm1                  // VEX: none do
    vptestmd k1, zmm1, zmm1
    kmovw eax, k1
    CHECK(rax, 0)
    vpternlogd zmm1, zmm1, zmm1, 0xff
    vpxord xmm1, xmm1, xmm1                 // EVEX neither
    vptestmd k1, zmm1, zmm1
    kmovw eax, k1
    CHECK(rax, 0)
    vpternlogd zmm1, zmm1, zmm1, 0xff
    vzeroupper                              // down to XMM, of the first 16
    vptestmd k1, zmm1, zmm1
    kmovw eax, k1
    CHECK(rax, 0xf)
    vptestmd k1, zmm17, zmm17
    kmovw eax, k1
    CHECK(rax, 0xffff)
    vpternlogd zmm1, zmm1, zmm1, 0xff
    vmovdqa xmm3, xmm1
    vmaskmovps xmm1, xmm3, [rip + largest]
    vptestmd k1, zmm1, zmm1
    kmovw eax, k1
    CHECK(rax, 1)

    // SIMD exceptions, embedded rounding, and their suppression
    mov dword ptr [rsp - 4], 0x1d80         // division by zero unmasked
    ldmxcsr [rsp - 4]
    vpxord zmm4, zmm4, zmm4
    mov eax, 0x3f800000
    vpbroadcastd zmm5, eax
    FAULT(XM, 0, vdivps zmm6, zmm5, zmm4)
    kxorw k1, k1, k1
    vdivps zmm6{k1}, zmm5, zmm4
    vdivps zmm6, zmm5, zmm4, {rn-sae}
    stmxcsr [rsp - 4]
    CHECK32(rsp - 4, 0x1d84)                // of the one that faulted only
    PASS
    .data
    .balign 16
largest: .long 0, 0, 0, 0
