// Gathers and scatters of AVX-512: elements in order; at a fault the lanes below are done, and their mask bits clear, so
// that the restarted instruction does the rest. Scatters to one address: the highest lane stays. #UD for operands that
// are the same register.
// expect: exit 33
// needs: avx512f avx512bw avx512vl
// qemu: skip TCG has no AVX-512
#include "long.inc"
PAGE(first)
PAGE(second)

guest_main:
    SET_XCR0(0xe7)
    MAP(0, offset first + PTE_P + PTE_W)
    UNMAP(1)
    mov ebx, WIN
    vmovdqu32 zmm1, [indices]
    vmovdqu32 zmm2, [values]
    // scatter: lane 5 is on the absent page
    kxnorw k1, k1, k1
    FAULT_PF(2, WIN + 0x1014, vpscatterdd [rbx + zmm1*4]{k1}, zmm2)
    kmovw eax, k1
    CHECK(rax, 0xffe0)
    CHECK32(first + 0x10, 104)              // done
    CHECK32(first + 0x18, 0)                // not yet
    MAP(1, offset second + PTE_P + PTE_W)
    mov dword ptr [first + 0x10], 7         // not done again
    vpscatterdd [rbx + zmm1*4]{k1}, zmm2
    kmovw eax, k1
    CHECK(rax, 0)
    CHECK32(first + 0x10, 7)
    CHECK32(second + 0x14, 105)
    CHECK32(first + 0x3c, 115)
    // gather: the same
    UNMAP(1)
    vpxord zmm3, zmm3, zmm3
    kxnorw k1, k1, k1
    FAULT_PF(0, WIN + 0x1014, vpgatherdd zmm3{k1}, [rbx + zmm1*4])
    kmovw eax, k1
    CHECK(rax, 0xffe0)
    vextracti32x4 xmm4, zmm3, 1
    vmovd eax, xmm4
    CHECK(rax, 7)                           // lane 4
    vextracti32x4 xmm4, zmm3, 3
    vmovd eax, xmm4
    CHECK(rax, 0)
    MAP(1, offset second + PTE_P + PTE_W)
    mov dword ptr [first], 99
    vpgatherdd zmm3{k1}, [rbx + zmm1*4]
    vmovd eax, xmm3
    CHECK(rax, 100)                         // of before
    vpextrd eax, xmm3, 3
    CHECK(rax, 103)
    vextracti32x4 xmm4, zmm3, 1
    vpextrd eax, xmm4, 1
    CHECK(rax, 105)
    kmovw eax, k1
    CHECK(rax, 0)
    // lanes without their bit: neither accessed nor changed
    UNMAP(1)
    mov eax, 0x8001
    kmovw k2, eax
    vpternlogd zmm5, zmm5, zmm5, 0xff
    vpgatherdd zmm5{k2}, [rbx + zmm1*4]
    vmovd eax, xmm5
    CHECK(rax, 99)
    vpextrd eax, xmm5, 1
    CHECK(rax, 0xffffffff)
    // quadword indices, doubleword elements; the upper half of the destination becomes 0
    vpmovzxdq zmm6, ymm1
    mov eax, 0xf
    kmovw k2, eax
    vpternlogd zmm7, zmm7, zmm7, 0xff
    vpgatherqd ymm7{k2}, [rbx + zmm6*4]
    vextracti64x4 ymm8, zmm7, 1
    vptest ymm8, ymm8
    CHECK_FLAGS(FL_ZF, FL_ZF)
    vextracti32x4 xmm8, ymm7, 1
    vmovd eax, xmm8
    CHECK(rax, 0xffffffff)
    // all lanes to one place
    vpxord zmm1, zmm1, zmm1
    kxnorw k1, k1, k1
    vpscatterdd [rbx + zmm1*4 + 0x100]{k1}, zmm2
    CHECK32(first + 0x100, 115)
    // registers above 15
    vmovdqa64 zmm17, zmm1
    vmovdqa64 zmm30, zmm2
    kxnorw k1, k1, k1
    vpscatterdd [rbx + zmm17*4 + 0x104]{k1}, zmm30
    CHECK32(first + 0x104, 115)
    kxnorw k1, k1, k1
    FAULT(UD, 0, .byte 0x62, 0xf2, 0x7d, 0x49, 0x90, 0x0c, 0x8b)    // vpgatherdd zmm1{k1}, [rbx + zmm1*4]
    FAULT(UD, 0, .byte 0x62, 0xf2, 0x7d, 0x48, 0x90, 0x14, 0x8b)    // without a mask
    PASS
    .data
    .balign 64
indices: .long 0, 1, 2, 3, 4, 0x405, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
values: .long 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115
