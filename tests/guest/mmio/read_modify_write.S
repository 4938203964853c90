// Read-modify-write of a device register: arithmetic, logic, shifts, bit operations, xchg, cmpxchg, xadd, with and
// without LOCK: result, flags, and the register operand.
// expect: exit 33
// kvm: skip on AMD, KVM's local APIC keeps only the upper half of its TPR, as CR8 does
#include "long.inc"
#include "apic.inc"
#define TPR_IS(value) mov dword ptr [seen], 0; push rax; mov eax, [rbx + APIC_TPR]; mov [seen], eax; pop rax; CHECK64(seen, value)
#define TPR dword ptr [rbx + APIC_TPR]

guest_main:
    APIC_ENABLE
    mov ebx, LAPIC
    mov TPR, 0x10
    add TPR, 0x20
    TPR_IS(0x30)
    mov eax, 0x11
    sub TPR, eax
    TPR_IS(0x1f)
    or TPR, 0x60
    TPR_IS(0x7f)
    and TPR, 0xf
    TPR_IS(0x0f)
    CHECK_FLAGS(FL_ZF + FL_SF + FL_CF, 0)
    xor TPR, eax
    TPR_IS(0x1e)
    stc
    adc TPR, 0
    TPR_IS(0x1f)
    stc
    sbb TPR, 0xf
    TPR_IS(0xf)
    inc TPR
    TPR_IS(0x10)
    stc
    dec TPR                                 // leaves CF
    CHECK_FLAGS(FL_CF, FL_CF)
    TPR_IS(0xf)
    shl TPR, 2
    TPR_IS(0x3c)
    mov cl, 3
    shr TPR, cl
    CHECK_FLAGS(FL_CF, FL_CF)
    TPR_IS(0x7)
    rol TPR, 4
    TPR_IS(0x70)
    btr TPR, 4
    CHECK_FLAGS(FL_CF, FL_CF)
    TPR_IS(0x60)
    mov ecx, 7
    bts TPR, ecx
    CHECK_FLAGS(FL_CF, 0)
    TPR_IS(0xe0)
    lock btc TPR, 7
    TPR_IS(0x60)
    lock add TPR, 3
    TPR_IS(0x63)
    mov eax, 0x21
    xchg TPR, eax
    CHECK(rax, 0x63)
    TPR_IS(0x21)
    mov eax, 2
    lock xadd TPR, eax
    CHECK(rax, 0x21)
    TPR_IS(0x23)
    mov ecx, 0x44
    mov eax, 0x23
    lock cmpxchg TPR, ecx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    TPR_IS(0x44)
    lock cmpxchg TPR, ecx                   // eax = 0x23: does not match
    CHECK_FLAGS(FL_ZF, 0)
    CHECK(rax, 0x44)
    mov eax, 1
    shld TPR, eax, 1
    TPR_IS(0x88)
    // not and neg reach bits the register does not have: they are dropped
    mov TPR, 0x0f
    not TPR
    TPR_IS(0xf0)
    mov TPR, 0x10
    neg TPR
    CHECK_FLAGS(FL_CF, FL_CF)
    TPR_IS(0xf0)
    PASS
    .data
    .balign 8
seen: .quad 0
