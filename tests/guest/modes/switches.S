// Long mode switched off and on: paging off from compatibility mode ends it (EFER.LMA), protected mode runs without
// paging, paging on with LME begins it again; the illegal steps are #GP.
// expect: exit 33
// kvm: skip KVM's emulator, needed on processors without decode assists, drops the upper half of CR0
#include "long.inc"
#include "compat.inc"

guest_main:
    // illegal: PAE off, LME changed with paging on, PG without PE, NW without CD
    mov rax, cr4
    and rax, ~CR4_PAE
    FAULT(GP, 0, mov cr4, rax)
    mov ecx, MSR_EFER
    rdmsr
    and eax, ~EFER_LME
    FAULT(GP, 0, wrmsr)
    mov rax, cr0
    and rax, ~CR0_PE
    FAULT(GP, 0, mov cr0, rax)
    mov rax, cr0
    or rax, 0x20000000
    FAULT(GP, 0, mov cr0, rax)
    mov rax, cr0
    bts rax, 32
    FAULT(GP, 0, mov cr0, rax)
    mov rax, cr4
    bts rax, 31
    FAULT(GP, 0, mov cr4, rax)
    mov rax, cr0
    btr rax, 31
    FAULT(GP, 0, mov cr0, rax)              // paging off in 64-bit code

again:
    mov qword ptr [compat_rsp], rsp
    push KCS32
    push offset protected
    retfq
    .code32
protected:
    mov eax, cr0
    and eax, 0x7fffffff
    mov cr0, eax
    mov ecx, MSR_EFER
    rdmsr
    mov esi, eax
    and eax, ~EFER_LME
    wrmsr
    mov dword ptr [0x3000000], 0x1234       // physical memory
    inc dword ptr [count]
    rdmsr
    mov edi, eax
    or eax, EFER_LME
    wrmsr
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    .byte 0xea
    .long 1f
    .word KCS
    .code64
1:  mov rsp, [compat_rsp]
    and esi, EFER_LME + EFER_LMA
    CHECK(rsi, EFER_LME)                    // LMA goes with paging
    and edi, EFER_LME + EFER_LMA
    CHECK(rdi, 0)
    RDMSR(MSR_EFER)
    and eax, EFER_LME + EFER_LMA
    CHECK(rax, EFER_LME + EFER_LMA)
    CHECK32(0x3000000, 0x1234)
    mov dword ptr [0x3000000], 0
    dec dword ptr [turns]
    jnz again
    CHECK32(count, 5)
    PASS
    .data
count: .long 0
turns: .long 5
