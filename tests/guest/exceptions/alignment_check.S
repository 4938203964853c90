// #AC: only in ring 3 with CR0.AM and EFLAGS.AC; error code 0; loads, stores, the stack; never in ring 0.
// expect: exit 33
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
