// AVX-512 in XSAVE areas, where CPUID says that it lies: standard and compacted; what is in its initial state is left
// out, and what an area leaves out is initialised.
// expect: exit 33
// needs: avx512f avx512bw avx512vl xsavec
// qemu: skip TCG has no AVX-512
#include "long.inc"

    .macro offset_of_ number, to
    mov eax, 0xd
    mov ecx, \number
    cpuid
    mov [\to], ebx
    .endm

guest_main:
    offset_of_ 5, opmask
    offset_of_ 6, zmm_high
    offset_of_ 7, high_zmm
    SET_XCR0(0xe7)
    mov r12d, offset area
    // nothing of it in use
    mov eax, 0xe0
    xsave64 [r12]
    CHECK64(area + 512, 0)
    mov ecx, 1
    xgetbv
    and eax, 0xe0
    CHECK(rax, 0)
    xor edx, edx
    // one register of each kind
    mov rax, 0x1122334455667788
    kmovq k3, rax
    vpbroadcastq zmm17, rax
    not rax
    vpbroadcastq zmm2, rax
one_of_each:                                // gdb.bare_metal looks here
    mov ecx, 1
    xgetbv
    and eax, 0xe0
    CHECK(rax, 0xe0)
    mov eax, 0xe7
    xsave64 [r12]
    mov rax, [area + 512]
    and eax, 0xe4
    CHECK(rax, 0xe4)
    mov ebx, [opmask]
    CHECK64(area + rbx + 24, 0x1122334455667788)
    mov ebx, [zmm_high]
    CHECK64(area + rbx + 2 * 32 + 24, 0xeeddccbbaa998877)
    mov ebx, [high_zmm]
    CHECK64(area + rbx + 64 + 56, 0x1122334455667788)
    // back again
    mov eax, 0xe7
    kxorq k3, k3, k3
    vpxord zmm17, zmm17, zmm17
    vpxord zmm2, zmm2, zmm2
    xrstor64 [r12]
    kmovq rax, k3
    mov rcx, 0x1122334455667788
    CHECK(rax, rcx)
    vextracti64x4 ymm3, zmm17, 1
    vmovq rax, xmm3
    CHECK(rax, rcx)
    vextracti64x4 ymm3, zmm2, 1
    vmovq rax, xmm3
    not rcx
    CHECK(rax, rcx)
    // what the area leaves out
    and qword ptr [area + 512], ~0xa0
    mov eax, 0xa0                           // ZMM_Hi256 is not asked for
    xrstor64 [r12]
    kmovq rax, k3
    CHECK(rax, 0)
    vptestmd k1, zmm17, zmm17
    kmovw eax, k1
    CHECK(rax, 0)
    vextracti64x4 ymm3, zmm2, 1
    vmovq rax, xmm3
    CHECK(rax, rcx)
    kxorw k1, k1, k1                        // XSAVEOPT leaves what is initial alone
    mov ebx, [opmask]
    mov eax, 0x20
    xsaveopt64 [r12]
    CHECK64(area + rbx + 24, 0x1122334455667788)
    CHECK64(area + 512, 0x46)

    // compacted: components one after the other
    mov rax, 0x55
    kmovq k7, rax
    mov eax, 0xe0
    xsavec64 [r12]
    CHECK64(area + 512, 0x60)
    CHECK64(area + 520, 0x80000000000000e0)
    CHECK64(area + 576 + 7 * 8, 0x55)
    CHECK64(area + 640 + 2 * 32 + 24, 0xeeddccbbaa998877)
    kxorq k7, k7, k7
    vpternlogd zmm20, zmm20, zmm20, 0xff
    xrstor64 [r12]
    kmovq rax, k7
    CHECK(rax, 0x55)
    vptestmd k1, zmm20, zmm20               // initialised
    kmovw eax, k1
    CHECK(rax, 0)
    mov qword ptr [area + 512], 4           // not in XCOMP_BV
    mov eax, 0xe7
    FAULT(GP, 0, xrstor64 [r12])
    mov qword ptr [area + 512], 0x60
    SET_XCR0(7)                             // nor XCR0's
    FAULT(GP, 0, xrstor64 [r12])
    mov qword ptr [area + 512], 0x40
    SET_XCR0(0xe7)                          // XSAVES and XRSTORS do the same
    mov eax, 0xe0
    vpternlogd zmm20, zmm20, zmm20, 0xff
    xsaves64 [r12]
    CHECK64(area + 512, 0xe0)
    CHECK64(area + 520, 0x80000000000000e0)
    vpxord zmm20, zmm20, zmm20
    xrstors64 [r12]
    vptestmd k1, zmm20, zmm20
    kmovw eax, k1
    CHECK(rax, 0xffff)
    PASS
    .data
    .balign 64
area: .skip 4096
opmask: .long 0
zmm_high: .long 0
high_zmm: .long 0
