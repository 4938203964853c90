// Instructions whose state is switched off: #UD for SSE without CR4.OSFXSR or with CR0.EM, for AVX without OSXSAVE or
// without YMM in XCR0, for XSAVE without OSXSAVE; #NM with CR0.TS; WAIT with MP and TS; clts.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"

guest_main:
    mov ebx, offset area
    // CR0.TS: #NM for x87, MMX, SSE, AVX; not for integer code, prefetch, movnti, ldmxcsr is SSE too
    CR_SET(cr0, CR0_TS)
    FAULT(NM, 0, fld1)
    FAULT(NM, 0, fnstsw ax)
    FAULT(NM, 0, movq mm0, [rbx])
    FAULT(NM, 0, addps xmm0, xmm1)
    FAULT(NM, 0, movaps xmm0, [rbx])
    FAULT(NM, 0, vaddps ymm0, ymm1, ymm2)
    FAULT(NM, 0, ldmxcsr [rbx])
    FAULT(NM, 0, fxsave [rbx])
    FAULT(NM, 0, fwait)                     // MP is set by the prelude
    movnti [rbx], eax
    sfence
    prefetcht0 [rbx]
    popcnt eax, ecx
    crc32 eax, cl
    andn rax, rcx, rdx
    CR_CLEAR(cr0, CR0_MP)
    fwait
    CR_SET(cr0, CR0_MP)
    mov eax, 0x77                           // the usual lazy switch: clts in between
    FAULT(NM, 0, addss xmm0, xmm0)
    clts
    addss xmm0, xmm0
    mov rcx, cr0
    and ecx, CR0_TS
    CHECK(rcx, 0)
    USER_FAULT(GP, 0, clts)

    // CR0.EM
    CR_SET(cr0, CR0_EM)
    FAULT(NM, 0, fld1)
    FAULT(UD, 0, addps xmm0, xmm1)
    FAULT(UD, 0, movq mm0, [rbx])
    CR_CLEAR(cr0, CR0_EM)
    fninit

    // CR4.OSFXSR
    CR_CLEAR(cr4, CR4_OSFXSR)
    FAULT(UD, 0, addps xmm0, xmm1)
    FAULT(UD, 0, movdqa xmm0, [rbx])
    fld1                                    // x87 is not concerned, and FISTTP is x87 though it came with SSE3
    fisttp dword ptr [rbx]
    CHECK32(rbx, 1)
    CR_SET(cr4, CR4_OSFXSR)
    addps xmm0, xmm1

    // XCR0 without YMM, then without OSXSAVE
    SET_XCR0(3)
    FAULT(UD, 0, vaddps ymm0, ymm1, ymm2)
    FAULT(UD, 0, vaddps xmm0, xmm1, xmm2)
    addps xmm0, xmm1
    andn rax, rcx, rdx                      // VEX, but integer: not concerned
    mov eax, 7
    xsetbv
    vaddps ymm0, ymm1, ymm2
    CR_CLEAR(cr4, CR4_OSXSAVE)
    FAULT(UD, 0, vaddps ymm0, ymm1, ymm2)
    FAULT(UD, 0, xsave [rbx])
    FAULT(UD, 0, xgetbv)
    mov eax, 1
    cpuid
    bt ecx, 27
    CHECK_FLAGS(FL_CF, 0)                   // CPUID mirrors OSXSAVE
    CR_SET(cr4, CR4_OSXSAVE)
    mov eax, 1
    cpuid
    bt ecx, 27
    CHECK_FLAGS(FL_CF, FL_CF)
    mov ebx, offset area
    xor ecx, ecx
    // XSETBV's rules
    mov eax, 6
    FAULT(GP, 0, xsetbv)                    // x87 must be there
    mov eax, 5
    FAULT(GP, 0, xsetbv)                    // YMM needs SSE
    mov eax, 7
    mov ecx, 1
    FAULT(GP, 0, xsetbv)
    xor ecx, ecx
    mov edx, 0x40000000
    FAULT(GP, 0, xsetbv)
    xor edx, edx
    USER_FAULT(GP, 0, xsetbv)
    xgetbv
    CHECK(rax, 7)
    PASS
    .data
    .balign 64
area: .long 0x1f80
    .skip 1020
