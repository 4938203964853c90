// A read-modify-write of a page that is not present or not writable is reported as a write, also before its load.
// (Measured on AMD EPYC: every form below gives W = 1.)
// expect: exit 33
// qemu: skip TCG does an unlocked read-modify-write as a load, then a store: W = 0 on a page that is not present
#include "long.inc"

guest_main:
    mov ebx, WIN + 0x100
    mov rax, 5
    mov rcx, 3
    UNMAP(0)
    call all_forms
    CHECK(rax, 5)

    // present and readable, not writable: P = 1, and A may be set, D not, memory unchanged
    MAP(0, offset page + PTE_P)
    mov r15d, ERR_P
    call all_forms
    CHECK(rax, 5)
    CHECK64(page + 0x100, 0)
    CHECK_PTE(0, PTE_D, 0)
    PASS

#define WRITES(...) FAULT(PF, ERR_W, __VA_ARGS__)
all_forms:
    test r15d, r15d
    jnz protected_forms
#define FORMS(FORM) \
    FORM(add [rbx], rax)       ; FORM(lock add [rbx], rax) ; FORM(xchg [rbx], rax)  ; FORM(cmpxchg [rbx], rcx) ; \
    FORM(lock cmpxchg [rbx], cl) ; FORM(xadd [rbx], ax)    ; FORM(bts dword ptr [rbx], ecx) ; \
    FORM(btr dword ptr [rbx], 3) ; FORM(rcl byte ptr [rbx], cl) ; FORM(shl dword ptr [rbx], 1) ; \
    FORM(not word ptr [rbx])   ; FORM(neg qword ptr [rbx]) ; FORM(adc dword ptr [rbx], 0) ; \
    FORM(inc byte ptr [rbx])   ; FORM(dec qword ptr [rbx]) ; FORM(shld [rbx], rax, 5) ; \
    FORM(cmpxchg8b [rbx])      ; FORM(lock cmpxchg16b [rbx]) ; FORM(and byte ptr [rbx], 0)
    FORMS(WRITES)
    ret
#define PROTECTED(...) FAULT(PF, ERR_P + ERR_W, __VA_ARGS__)
protected_forms:
    FORMS(PROTECTED)
    ret
PAGE(page)
