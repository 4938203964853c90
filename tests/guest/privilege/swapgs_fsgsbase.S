// FS and GS bases: MSRs, swapgs, rdfsbase and kin, segment loads; 64-bit bases, wrap-around, 67-prefixed addresses;
// what each access goes through; ring 3 sees its own.
// expect: exit 33
#include "long.inc"

guest_main:
    NEED_CPUID(7, ebx, 0)
    FAULT(UD, 0, rdfsbase rax)              // CR4.FSGSBASE is off
    CR_SET(cr4, CR4_FSGSBASE)
    mov rax, offset data_a
    wrfsbase rax
    mov rcx, offset data_b
    wrgsbase rcx
    CHECK(fs:[0], 0xa0)
    CHECK(gs:[0], 0xb0)
    mov edx, 8
    CHECK(fs:[rdx], 0xa1)
    CHECK(gs:[rdx * 2 - 8], 0xb1)
    inc qword ptr gs:[8]
    lock add qword ptr gs:[8], 1
    CHECK64(data_b + 8, 0xb3)
    RDMSR(MSR_FS_BASE)
    CHECK(rax, offset data_a)
    // stack, string and lea: lea has no segment, string sources have
    .byte 0x65
    lea rsi, [8]
    CHECK(rsi, 8)
    xor esi, esi
    mov edi, offset scratch
    cld
    .byte 0x65
    movsq
    CHECK64(scratch, 0xb0)
    mov rbp, 8
    CHECK(fs:[rbp], 0xa1)                   // also with a stack base register
    push qword ptr gs:[0]
    pop rax
    CHECK(rax, 0xb0)
    // negative offsets: thread-local storage
    mov rax, fs:[-8]
    CHECK(rax, 0x9f)
    mov rdx, -8
    mov rax, fs:[rdx]
    CHECK(rax, 0x9f)
    mov edx, -8
    mov rax, fs:[edx + 8]                   // 67: 32-bit wrap before the base is added
    CHECK(rax, 0xa0)

    // swapgs and the MSRs
    mov rax, offset data_c
    WRMSR(MSR_KERNEL_GS_BASE, rax)
    swapgs
    CHECK(gs:[0], 0xc0)
    RDMSR(MSR_KERNEL_GS_BASE)
    CHECK(rax, offset data_b)
    rdgsbase rax
    CHECK(rax, offset data_c)
    swapgs
    CHECK(gs:[0], 0xb0)
    mov ecx, 100
1:  swapgs
    mov rax, gs:[0]
    swapgs
    add rax, gs:[0]
    CHECK(rax, 0x170)
    dec ecx
    jnz 1b
    rdfsbase eax                            // the 32-bit form
    CHECK(rax, offset data_a)
    mov rax, 0x123400000000
    wrfsbase eax                            // zero-extends
    rdfsbase rax
    CHECK(rax, 0)
    mov rax, 0xffff800000000000
    wrgsbase rax
    rdgsbase rcx
    CHECK(rcx, 0xffff800000000000)
    mov edx, offset data_a
    mov r8, 0x800000000000
    add r8, rdx
    mov rax, gs:[r8]                        // base + offset wraps around 2^64
    CHECK(rax, 0xa0)

    // a selector load sets the base from the descriptor (32 bits of it), null clears it on Intel, keeps it on AMD
    mov dword ptr [gdt + SPARE], 0x0000ffff
    mov dword ptr [gdt + SPARE + 4], 0x00cf9300
    mov eax, offset data_b
    mov [gdt + SPARE + 2], ax
    shr eax, 16
    mov [gdt + SPARE + 4], al
    mov eax, SPARE
    mov gs, eax
    CHECK(gs:[0], 0xb0)
    RDMSR(MSR_GS_BASE)
    CHECK(rax, offset data_b)
    // ring 3
    mov rax, offset data_c + USER
    wrfsbase rax
    IN_USER(mov rcx, fs:[0]; rdfsbase rdx; mov eax, 1; wrgsbase rax)
    CHECK(rcx, 0xc0)
    CHECK(rdx, offset data_c + USER)
    rdgsbase rax
    CHECK(rax, 1)
    CR_CLEAR(cr4, CR4_FSGSBASE)
    USER_FAULT(UD, 0, rdgsbase rax)
    PASS
    .data
    .balign 8
    .quad 0x9f
data_a: .quad 0xa0, 0xa1
data_b: .quad 0xb0, 0xb1
data_c: .quad 0xc0, 0xc1
scratch: .quad 0
