// XSAVES and XRSTORS: ring 0 only, the compacted format only; what is in its initial state is left out, and what an
// area leaves out is initialised; the rules of the header. IA32_XSS has no bit that may be set.
// expect: exit 33
// needs: avx2
// qemu: skip TCG has no XSAVES
#include "long.inc"
#define IA32_XSS 0xda0
PAGE(page)

guest_main:
    // CPUID: the feature, the size of an area by XCR0, no supervisor component
    mov eax, 0xd
    mov ecx, 1
    cpuid
    and eax, 0xf
    CHECK(rax, 0xf)
    CHECK(rbx, 832)
    CHECK(rcx, 0)
    CHECK(rdx, 0)
    // IA32_XSS
    RDMSR(IA32_XSS)
    CHECK(rax, 0)
    WRMSR(IA32_XSS, 0)
    mov ecx, IA32_XSS
    xor edx, edx
    mov eax, 0x100
    FAULT(GP, 0, wrmsr)
    mov eax, 1
    FAULT(GP, 0, wrmsr)
    xor eax, eax
    mov edx, 1
    FAULT(GP, 0, wrmsr)
    xor edx, edx
    USER_FAULT(GP, 0, rdmsr)

    // saved: x87 is in use, SSE and AVX are not; the rest of the header is left alone
    mov ebx, offset area
    vzeroall
    fninit
    fld1
    mov qword ptr [rbx + 528], 0x77
    mov qword ptr [rbx + 160], 0x1234
    mov eax, 7
    xsaves64 [rbx]
    CHECK64(area + 512, 1)
    CHECK64(area + 520, 0x8000000000000007)
    CHECK64(area + 528, 0x77)
    CHECK64(area + 160, 0x1234)             // XMM0: not written
    CHECK64(area + 32, 0x8000000000000000)
    mov qword ptr [rbx + 528], 0
    // MXCSR belongs to SSE
    ldmxcsr [mxcsr_other]
    mov eax, 6
    xsaves [rbx]
    CHECK64(area + 512, 2)
    CHECK64(area + 520, 0x8000000000000006)
    CHECK32(area + 24, 0x3f80)
    ldmxcsr [mxcsr_initial]
    // only YMM: right behind the header
    vpcmpeqd ymm5, ymm5, ymm5
    mov eax, 4
    xsaves64 [rbx]
    CHECK64(area + 512, 4)
    CHECK64(area + 520, 0x8000000000000004)
    CHECK64(area + 576 + 5 * 16, -1)
    CHECK64(area + 576 + 6 * 16, 0)

    // restored: YMM from the area, SSE initialised, x87 not asked for
    mov eax, 7
    xsaves64 [rbx]
    and qword ptr [rbx + 512], ~2
    vzeroall
    vpcmpeqd xmm6, xmm6, xmm6
    ldmxcsr [mxcsr_other]
    fldz
    mov eax, 6
    xrstors64 [rbx]
    vextracti128 xmm0, ymm5, 1
    vmovq rax, xmm0
    CHECK(rax, -1)
    vmovq rax, xmm5
    CHECK(rax, 0)
    vmovq rax, xmm6
    CHECK(rax, 0)
    stmxcsr [rbx + 1024]
    CHECK32(area + 1024, 0x1f80)
    fnstsw ax
    and eax, 0x3800
    CHECK(rax, 0x3000)                      // two on the stack
    mov eax, 1
    xrstors [rbx]
    fnstsw ax
    and eax, 0x3800
    CHECK(rax, 0x3800)                      // one
    // what XSAVEC wrote; and XRSTOR reads what XSAVES wrote
    mov eax, 7
    xsavec64 [rbx]
    xrstors64 [rbx]
    xsaves64 [rbx]
    xrstor64 [rbx]

    // the header: the standard format, components that XCR0 has not, states without room, bytes that are reserved
    mov eax, 7
    xsave64 [rbx]
    mov qword ptr [rbx + 520], 0
    FAULT(GP, 0, xrstors64 [rbx])
    xrstor64 [rbx]
    xsaves64 [rbx]
    bts qword ptr [rbx + 520], 11           // a supervisor component
    FAULT(GP, 0, xrstors64 [rbx])
    btr qword ptr [rbx + 520], 11
    bts qword ptr [rbx + 520], 62
    FAULT(GP, 0, xrstors64 [rbx])
    btr qword ptr [rbx + 520], 62
    btr qword ptr [rbx + 520], 0
    bts qword ptr [rbx + 512], 0
    FAULT(GP, 0, xrstors64 [rbx])
    bts qword ptr [rbx + 520], 0
    mov qword ptr [rbx + 568], 1
    FAULT(GP, 0, xrstors64 [rbx])
    mov qword ptr [rbx + 568], 0
    mov qword ptr [rbx + 528], 1
    FAULT(GP, 0, xrstors64 [rbx])
    mov qword ptr [rbx + 528], 0
    or qword ptr [rbx + 512], 2
    mov dword ptr [rbx + 24], 0x10000       // MXCSR
    FAULT(GP, 0, xrstors64 [rbx])
    mov dword ptr [rbx + 24], 0x1f80
    xrstors64 [rbx]

    // the address, the page, and all that comes before
    FAULT(GP, 0, xsaves64 [rbx + 8])
    FAULT(GP, 0, xrstors64 [rbx + 32])
    UNMAP(0)
    mov edi, WIN
    FAULT_PF(ERR_W, WIN, xsaves64 [rdi])
    FAULT_PF(0, WIN, xrstors64 [rdi])
    MAP(0, offset page + PTE_P)
    FAULT_PF(ERR_P | ERR_W, WIN, xsaves64 [rdi])
    USER_FAULT(GP, 0, xsaves64 [rbx])
    USER_FAULT(GP, 0, xrstors64 [rbx])
    CR_SET(cr0, CR0_TS)
    FAULT(NM, 0, xsaves64 [rbx])
    FAULT(NM, 0, xrstors64 [rbx])
    clts
    CR_CLEAR(cr4, CR4_OSXSAVE)
    FAULT(UD, 0, xsaves64 [rbx])
    FAULT(UD, 0, xrstors64 [rbx])
    USER_FAULT(UD, 0, xsaves64 [rbx])
    PASS

    .data
    .balign 64
area: .skip 1088
mxcsr_initial: .long 0x1f80
mxcsr_other: .long 0x3f80
