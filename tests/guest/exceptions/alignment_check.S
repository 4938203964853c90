// #AC: only in ring 3 with CR0.AM and EFLAGS.AC; error code 0; loads, stores, the stack; never in ring 0.
// expect: exit 33
// needs: avx2
// qemu: skip TCG has no alignment checks
#include "long.inc"

guest_main:
    CR_SET(cr0, CR0_AM)
    pushfq
    or qword ptr [rsp], FL_AC
    popfq
    mov ebx, offset data + USER + 1
    mov rax, [data + 1]                     // ring 0: no check
    mov rax, 0x77
    USER_FAULT(AC, 0, mov rax, [rbx])
    USER_FAULT(AC, 0, mov eax, [rbx])
    USER_FAULT(AC, 0, mov ax, [rbx])
    USER_FAULT(AC, 0, mov [rbx], rax)
    USER_FAULT(AC, 0, add [rbx], eax)
    USER_FAULT(AC, 0, lock inc dword ptr [rbx])
    USER_FAULT(AC, 0, mov rax, [rbx + 3])   // 4-byte alignment is not enough for 8
    IN_USER(mov al, [rbx]; mov eax, [rbx + 3]; mov ax, [rbx + 1]; movups xmm0, [rbx + 15])
    CHECK_FLAGS(FL_AC, FL_AC)
    // vectors: 16 bytes are enough for all sizes; aligned forms are #GP as ever; elements under a mask count alone
    USER_FAULT(AC, 0, movups xmm0, [rbx])
    USER_FAULT(AC, 0, movdqu [rbx + 7], xmm0)
    USER_FAULT(AC, 0, movq xmm0, [rbx])
    USER_FAULT(AC, 0, vmovups ymm0, [rbx])
    USER_FAULT(AC, 0, vpaddd xmm0, xmm0, [rbx + 7])
    USER_FAULT(GP, 0, movaps xmm0, [rbx])
    USER_FAULT(GP, 0, vmovdqa ymm0, [rbx + 15])
    USER_FAULT(AC, 0, fxsave [rbx])
    USER_FAULT(GP, 0, fxsave [rbx + 3])
    USER_FAULT(AC, 0, fldenv [rbx + 1])
    IN_USER(vmovups ymm0, [rbx + 15]; vmaskmovps ymm0, ymm0, [rbx]; vpcmpeqd xmm0, xmm0, xmm0; pxor xmm1, xmm1; \
        vpgatherdd xmm2, [rbx + xmm1], xmm0; fnstenv [rbx + 3])
    // a page fault comes after the alignment check
    mov rbx, 0x123456789001
    USER_FAULT(AC, 0, mov rax, [rbx])
    pushfq
    and qword ptr [rsp], ~FL_AC
    popfq
    mov ebx, offset data + USER + 1
    IN_USER(mov rax, [rbx])
    CR_CLEAR(cr0, CR0_AM)
    pushfq
    or qword ptr [rsp], FL_AC
    popfq
    IN_USER(mov rax, [rbx])
    PASS
    .data
    .balign 32
data: .skip 64
