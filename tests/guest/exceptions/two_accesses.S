// Instructions with two memory accesses, of which the first or the second faults: registers, RSP, flags and memory are
// as before, so that the instruction can be run again.
// expect: exit 33
#include "long.inc"
// rbx: a page that is missing; rdi: one that is there; r8: one that is read-only
#define MISSING WIN
#define THERE   WIN + 4096
#define FIXED   WIN + 8192
#define SAME CHECK(rax, 0x77); CHECK(rcx, 5); CHECK(rdx, 0); CHECK(rbp, 0x3333); CHECK_FLAGS(FL_STATUS + FL_DF, FL_PF + FL_ZF)

guest_main:
    UNMAP(0)
    MAP(1, offset page + PTE_P + PTE_W)
    MAP(2, offset page_ro + PTE_P)
    GATE_ATTR(PF, exception_stubs + PF * 16, 0x8e01)
    mov qword ptr [page], 0x1111
    mov qword ptr [page + 8], 0x2222
    mov qword ptr [page_ro], 0x1111
    cld
    mov ebx, MISSING
    mov edi, THERE
    mov r8d, FIXED
    mov eax, 0x77
    mov ecx, 5
    mov ebp, 0x3333
    xor edx, edx

    // the explicit operand is missing, the stack is there
    mov r14d, THERE + 8
    FAULT_RSP(PF, 0, r14, push [rbx])
    FAULT_RSP(PF, 0, r14, call [rbx])
    FAULT_RSP(PF, 0, r14, jmp [rbx])
    FAULT_RSP(PF, ERR_W, r14, pop [rbx])
    FAULT_RSP(PF, ERR_P + ERR_W, r14, pop [r8])
    SAME
    CHECK64(page, 0x1111)
    CHECK64(page + 8, 0x2222)
    // pop [rsp + n]: the address uses RSP after the pop
    mov r14d, THERE
    FAULT_RSP(PF, ERR_W, r14, pop [rsp - 0x1000])
    CHECK([fault_cr2], MISSING + 8)

    // the operand is there, the stack is missing or read-only
    mov r14d, MISSING + 0x100
    FAULT_RSP(PF, ERR_W, r14, push [rdi])
    FAULT_RSP(PF, ERR_W, r14, call [rdi])
    FAULT_RSP(PF, ERR_W, r14, call guest_main)
    FAULT_RSP(PF, ERR_W, r14, call rdi)
    FAULT_RSP(PF, 0, r14, pop [rdi])
    FAULT_RSP(PF, 0, r14, pop rax)
    FAULT_RSP(PF, 0, r14, ret)
    FAULT_RSP(PF, 0, r14, ret 32)
    FAULT_RSP(PF, 0, r14, popfq)
    FAULT_RSP(PF, ERR_W, r14, pushfq)
    FAULT_RSP(PF, ERR_W, r14, push 7)
    FAULT_RSP(PF, ERR_W, r14, enter 16, 0)
    FAULT_RSP(PF, 0, r14, iretq)
    SAME
    CHECK64(page, 0x1111)
    mov r14d, FIXED + 0x100
    FAULT_RSP(PF, ERR_P + ERR_W, r14, push [rdi])
    FAULT_RSP(PF, ERR_P + ERR_W, r14, call [rdi])
    SAME
    // leave: RBP is missing; both registers stay
    mov ebp, MISSING + 8
    FAULT_PF(0, MISSING + 8, leave)
    CHECK(rbp, MISSING + 8)
    mov ebp, 0x3333

    // strings
    mov esi, MISSING
    FAULT_PF(0, MISSING, movsq)
    FAULT_PF(0, MISSING, lodsb)
    FAULT_PF(0, MISSING, cmpsd)
    CHECK(rsi, MISSING)
    CHECK(rdi, THERE)
    xchg rsi, rdi
    FAULT_PF(ERR_W, MISSING, movsb)
    FAULT_PF(ERR_W, MISSING, stosw)
    FAULT_PF(0, MISSING, scasq)
    FAULT_PF(0, MISSING, cmpsb)
    CHECK(rdi, MISSING)
    CHECK(rsi, THERE)
    mov edi, FIXED
    FAULT_PF(ERR_P + ERR_W, FIXED, movsq)
    SAME
    mov edi, THERE

    // read-modify-writes of a read-only page: the register side is untouched
    FAULT_PF(ERR_P + ERR_W, FIXED, xchg [r8], rax)
    FAULT_PF(ERR_P + ERR_W, FIXED, xadd [r8], rax)
    FAULT_PF(ERR_P + ERR_W, FIXED, lock cmpxchg [r8], rcx)
    FAULT_PF(ERR_P + ERR_W, FIXED, lock cmpxchg16b [r8])
    FAULT_PF(ERR_P + ERR_W, FIXED, adc [r8], rax)
    FAULT_PF(ERR_P + ERR_W, FIXED, shl qword ptr [r8], cl)
    FAULT_PF(ERR_P + ERR_W, FIXED, setz [r8])
    FAULT_PF(0, MISSING, imul rax, [rbx])
    FAULT_PF(0, MISSING, mul qword ptr [rbx])
    FAULT_PF(0, MISSING, idiv qword ptr [rbx])
    FAULT_PF(0, MISSING, cmovz rax, [rbx])
    FAULT_PF(0, MISSING, cmovnz rax, [rbx])         // loads although the condition is false
    SAME
    CHECK64(page_ro, 0x1111)
    PASS
PAGE(page)
PAGE(page_ro)
