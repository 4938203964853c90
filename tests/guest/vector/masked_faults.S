// Masked accesses of AVX-512: what the mask leaves out neither faults nor is written, at the ends of pages and on device
// memory; where it lets a byte through on a page that forbids it, CR2 names that one. Instructions whose exception type
// says so (NF) look at the whole operand.
// expect: exit 33
// needs: avx512f avx512bw avx512vl avx512_vbmi2
// qemu: skip TCG has no AVX-512
#include "long.inc"
PAGE(first)
PAGE(second)
#define END WIN + 0x1000
#define MASK(k, value) mov eax, value; kmovd k, eax

guest_main:
    SET_XCR0(0xe7)
    MAP(0, offset first + PTE_P + PTE_W)
    UNMAP(1)
    MAP(2, offset second + PTE_P + PTE_W)
    UNMAP(3)
    MAP(4, offset first + PTE_P)
    mov edi, offset first
    mov ecx, 512
    mov rax, 0x0706050403020100
fill:
    mov [rdi], rax
    mov [rdi + 0x1000], rax
    add rdi, 8
    loop fill

    mov ebp, END
    mov esi, LAPIC
    // loads: 32 bytes before the absent page, 32 on it
    mov ebx, END - 32
    MASK(k1, 0xff)
    vmovdqu32 zmm1{k1}{z}, [rbx]
    vextracti64x4 ymm2, zmm1, 1
    vpor ymm3, ymm1, ymm2
    vmovq rax, xmm3
    mov rdx, 0x0706050403020100
    CHECK(rax, rdx)
    vptest ymm2, ymm2
    CHECK_FLAGS(FL_ZF, FL_ZF)
    MASK(k2, 0x200)                         // the second lane there
    vpternlogd zmm4, zmm4, zmm4, 0xff
    FAULT_PF(0, END + 4, vmovdqu32 zmm4{k2}, [rbx])
    MASK(k3, 0x8001)
    FAULT_PF(0, END + 28, vmovdqu32 zmm4{k3}, [rbx])
    vpcmpeqd k4, zmm4, zmm4
    kmovw eax, k4
    CHECK(rax, 0xffff)
    vmovd eax, xmm4                         // nothing was loaded
    CHECK(rax, 0xffffffff)
    // the first page absent
    mov ebx, END + 0x1000 - 32
    MASK(k1, 0xff00)
    vmovdqu32 zmm1{k1}{z}, [rbx]
    vmovq rax, xmm1
    CHECK(rax, 0)
    MASK(k1, 0xff80)
    FAULT_PF(0, END + 0xffc, vmovdqu32 zmm1{k1}{z}, [rbx])
    // no lane at all
    kxorw k5, k5, k5
    vmovdqu32 zmm1{k5}, [rbp + 64]
    vmovdqu32 [rbp + 64]{k5}, zmm1
    vaddps zmm1{k5}, zmm1, [rbp + 64]
    vaddps zmm1{k5}, zmm1, dword ptr [rbp + 64]{1to16}
    MASK(k6, 0x10000)                       // beyond the lanes that count
    vaddps zmm1{k6}, zmm1, dword ptr [rbp + 64]{1to16}
    MASK(k6, 0x8000)
    FAULT_PF(0, END + 64, vaddps zmm1{k6}, zmm1, dword ptr [rbp + 64]{1to16})
    FAULT_PF(0, END + 64, vbroadcastss zmm1{k6}, [rbp + 64])
    MASK(k6, 2)
    vaddss xmm1{k6}, xmm1, [rbp + 64]       // bit 0 counts
    // exception types NF
    FAULT_PF(0, END, vpermd zmm1{k5}, zmm1, [rbp])
    FAULT_PF(2, END, vextracti32x4 [rbp]{k5}, zmm1, 1)
    // aligned moves
    MASK(k1, 1)
    FAULT(GP, 0, vmovdqa32 zmm1{k1}, [rbp - 32])
    FAULT(GP, 0, vmovdqa32 zmm1{k1}, [rbp + 32])

    // stores: exactly the lanes
    mov ebx, END - 32
    vpternlogd zmm5, zmm5, zmm5, 0xff
    MASK(k1, 0x81)
    vmovdqu32 [rbx]{k1}, zmm5
    CHECK64(first + 0xfe0, 0x07060504ffffffff)
    CHECK64(first + 0xff8, 0xffffffff03020100)
    mov rax, 0x0000000110000000             // bytes 28 and 32
    kmovq k2, rax
    FAULT_PF(2, END, vmovdqu8 [rbx]{k2}, zmm5)
    mov rax, 0x8000000110000000
    btr rax, 32                             // bytes 28 and 63
    kmovq k2, rax
    FAULT_PF(2, END + 31, vmovdqu8 [rbx]{k2}, zmm5)
    CHECK64(first + 0xff8, 0xffffffff03020100)
    MASK(k1, 1)
    FAULT_PF(3, WIN + 0x4000, vmovdqu32 [rbp + 0x3000]{k1}, zmm5)
    vmovdqu32 [rbp + 0x3000]{k5}, zmm5
    // over two pages that are no neighbours: what lies between the lanes stays
    MAP(1, offset second + PTE_P + PTE_W)
    MASK(k1, 0x8181)
    vmovdqu32 [rbx]{k1}, zmm5
    CHECK64(second, 0x07060504ffffffff)
    CHECK64(second + 24, 0xffffffff03020100)
    vmovdqu32 zmm1, [rbx]
    vpcmpeqd k3, zmm1, zmm5
    kmovw eax, k3
    CHECK(rax, 0x8181)
    UNMAP(1)

    // packed: as many as bits are set
    MASK(k1, 0x8421)
    vpcompressd [rbp - 16]{k1}, zmm5
    vpexpandd zmm6{k1}{z}, [rbp - 16]
    vpcmpeqd k2, zmm6, zmm5
    kmovw eax, k2
    CHECK(rax, 0x8421)
    MASK(k1, 0x8431)
    FAULT_PF(2, END, vpcompressd [rbp - 16]{k1}, zmm5)
    FAULT_PF(0, END, vpexpandd zmm6{k1}{z}, [rbp - 16])
    MASK(k1, 0x80000001)
    vpcompressb [rbp - 2]{k1}, ymm5
    CHECK8(first + 0xfff, 0xff)

    // narrowing stores and widening loads: lanes of the narrow elements
    MASK(k1, 0x0f)
    vpmovqb [rbp - 4]{k1}, zmm5
    vpmovzxbq zmm1{k1}{z}, [rbp - 4]
    vmovq rax, xmm1
    CHECK(rax, 0xff)
    MASK(k1, 0x1f)
    FAULT_PF(2, END, vpmovqb [rbp - 4]{k1}, zmm5)
    FAULT_PF(0, END, vpmovzxbq zmm1{k1}{z}, [rbp - 4])

    // mask registers in memory
    kmovq k1, [rbp - 8]
    FAULT_PF(0, END, kmovq k1, [rbp - 7])
    FAULT_PF(2, END, kmovw [rbp - 1], k1)

    // a device: the APIC's version, but not its id beside it
    MASK(k1, 0x10)
    vmovdqu32 zmm1{k1}{z}, [rsi + 0x20]
    vmovd eax, xmm1
    CHECK(rax, 0)
    vextracti32x4 xmm2, zmm1, 1
    vmovd ecx, xmm2
    mov eax, [rsi + 0x30]
    CHECK(rcx, rax)
    // and a store of its task priority alone
    mov eax, 0x50
    vpbroadcastd zmm1, eax
    MASK(k1, 1)
    vmovdqu32 [rsi + 0x80]{k1}, zmm1
    mov eax, [rsi + 0x80]
    CHECK(rax, 0x50)
    PASS
