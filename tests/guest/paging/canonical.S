// Addresses that are not canonical: #GP(0) for every kind of access.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"

guest_main:
    mov rbx, 0x0000800000000000
    mov rax, 0x55
    FAULT(GP, 0, mov rax, [rbx])
    FAULT(GP, 0, mov [rbx], rax)
    FAULT(GP, 0, mov al, [rbx])
    FAULT(GP, 0, lock inc qword ptr [rbx])
    FAULT(GP, 0, movups xmm0, [rbx])
    FAULT(GP, 0, vmovups ymm0, [rbx])
    FAULT(GP, 0, push [rbx])
    FAULT(GP, 0, call [rbx])
    FAULT(GP, 0, jmp [rbx])
    FAULT(GP, 0, mov rax, gs:[rbx])
    FAULT(GP, 0, fld qword ptr [rbx])
    mov rbx, 0xffff7fffffffffff
    FAULT(GP, 0, mov al, [rbx])
    mov rbx, 0x1234567800000000
    FAULT(GP, 0, mov rax, [rbx])
    mov rbx, 0x4000000000000000
    FAULT(GP, 0, mov rax, [rbx + rbx * 2 + 0x100])

    PASS
