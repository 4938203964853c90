// Loads and stores of 32-bit device registers (local APIC, IOAPIC) by every kind of instruction and every register.
// expect: exit 33
// kvm: skip KVM's emulator has no MOVD to device memory, and so stops
#include "long.inc"
#include "apic.inc"
#define TPR_IS(value) mov dword ptr [seen], 0; push rax; mov eax, [rbx + APIC_TPR]; mov [seen], eax; pop rax; CHECK64(seen, value)

guest_main:
    APIC_ENABLE
    mov ebx, LAPIC
    // each register that an engine may have given a second job
    .irp reg, eax, ecx, edx, esi, edi, ebp, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
    mov \reg, 0x30
    mov [rbx + APIC_TPR], \reg
    mov \reg, -1
    mov \reg, [rbx + APIC_TPR]
    cmp \reg, 0x30
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov dword ptr [rbx + APIC_TPR], 0
    .endr
    mov r15, rsp
    mov esp, 0x40
    mov [rbx + APIC_TPR], esp
    mov esp, [rbx + APIC_TPR]
    mov eax, esp
    mov rsp, r15
    CHECK(rax, 0x40)

    // stores
    mov dword ptr [rbx + APIC_TPR], 0x10
    TPR_IS(0x10)
    mov eax, 0x20
    movnti [rbx + APIC_TPR], eax
    mfence
    TPR_IS(0x20)
    movd xmm0, [fifty]
    movd [rbx + APIC_TPR], xmm0
    TPR_IS(0x50)
    movss xmm0, [sixty]
    movss [rbx + APIC_TPR], xmm0
    TPR_IS(0x60)
    vmovd xmm1, [fifty]
    vpextrd [rbx + APIC_TPR], xmm1, 0
    TPR_IS(0x50)
    mov ecx, 0x70000000
    movbe [rbx + APIC_TPR], ecx
    TPR_IS(0x70)
    mov eax, 0x80
    mov rdi, rbx
    add rdi, APIC_TPR
    stosd
    TPR_IS(0x80)
    CHECK(rdi, LAPIC + APIC_TPR + 4)
    mov esi, offset sixty
    sub rdi, 4
    movsd
    TPR_IS(0x60)
    // a moffs-like absolute address needs 64 bits
    mov eax, 0x90
    movabs [LAPIC + APIC_TPR], eax
    TPR_IS(0x90)
    xor eax, eax
    movabs eax, [LAPIC + APIC_TPR]
    CHECK(rax, 0x90)

    // loads
    mov dword ptr [rbx + APIC_TPR], 0xa0
    mov rax, -1
    mov eax, [rbx + APIC_TPR]               // clears the top half
    CHECK(rax, 0xa0)
    movsxd rax, dword ptr [rbx + APIC_TPR]
    CHECK(rax, 0xa0)
    lea rsi, [rbx + APIC_TPR]
    xor eax, eax
    lodsd
    CHECK(rax, 0xa0)
    movd xmm0, [rbx + APIC_TPR]
    movd eax, xmm0
    CHECK(rax, 0xa0)
    movss xmm0, [rbx + APIC_TPR]
    movq rax, xmm0
    CHECK(rax, 0xa0)
    mov ecx, 0x05
    add ecx, [rbx + APIC_TPR]
    CHECK(rcx, 0xa5)
    sub ecx, [rbx + APIC_TPR]
    CHECK(rcx, 5)
    imul ecx, [rbx + APIC_TPR], 3
    CHECK(rcx, 0x1e0)
    stc
    cmovc ecx, [rbx + APIC_TPR]
    CHECK(rcx, 0xa0)
    popcnt ecx, [rbx + APIC_TPR]
    CHECK(rcx, 2)
    movbe ecx, [rbx + APIC_TPR]
    CHECK(rcx, 0xa0000000)
    mov eax, 0x1000
    xor edx, edx
    div dword ptr [rbx + APIC_TPR]
    CHECK(rax, 0x19)
    CHECK(rdx, 0x60)
    fild dword ptr [rbx + APIC_TPR]
    fistp qword ptr [seen]
    CHECK64(seen, 0xa0)
    cvtsi2sd xmm0, dword ptr [rbx + APIC_TPR]
    cvttsd2si rax, xmm0
    CHECK(rax, 0xa0)
    rorx ecx, [rbx + APIC_TPR], 4
    CHECK(rcx, 0xa)
    // flags
    cmp dword ptr [rbx + APIC_TPR], 0xa1
    CHECK_FLAGS(FL_CF + FL_ZF, FL_CF)
    test dword ptr [rbx + APIC_TPR], 0x20
    CHECK_FLAGS(FL_ZF, 0)
    bt dword ptr [rbx + APIC_TPR], 7
    CHECK_FLAGS(FL_CF, FL_CF)
    mov eax, 0xa0
    cmp eax, [rbx + APIC_TPR]
    CHECK_FLAGS(FL_CF + FL_ZF, FL_ZF)

    // from ring 3 through a user mapping, and no mapping at all
    MAP(0, LAPIC + PTE_P + PTE_W + PTE_U + PTE_PCD)
    mov edx, WIN + APIC_TPR
    IN_USER(mov eax, [rdx]; mov dword ptr [rdx], 0x10)
    CHECK(rax, 0xa0)
    TPR_IS(0x10)
    UNMAP(0)
    USER_FAULT_PF(ERR_U, WIN + APIC_TPR, mov eax, [rdx])
    MAP(0, LAPIC + PTE_P + PTE_PCD)
    FAULT_PF(ERR_P + ERR_W, WIN + APIC_TPR, mov dword ptr [rdx], 0x20)
    mov eax, [rdx]
    CHECK(rax, 0x10)
    // the page becomes RAM, and a device again
    MAP(0, offset ram + PTE_P + PTE_W)
    mov dword ptr [rdx], 0x99
    CHECK32(ram + APIC_TPR, 0x99)
    TPR_IS(0x10)
    MAP(0, LAPIC + PTE_P + PTE_W + PTE_PCD)
    mov eax, [rdx]
    CHECK(rax, 0x10)
    PASS
    .data
    .balign 8
seen:  .quad 0
fifty: .long 0x50
sixty: .long 0x60
PAGE(ram)
