// Accesses over a page boundary whose second page faults: CR2 is the first byte of the second page, nothing has
// changed in the first page nor in any register.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"
#define SECOND WIN + 4096
#define UNCHANGED CHECK64(page_a + 0xff8, 0x1122334455667788); CHECK64(page_a + 0xff0, 0x99); CHECK(rax, 0x77)

guest_main:
    mov rax, 0x1122334455667788
    mov [page_a + 0xff8], rax
    mov qword ptr [page_a + 0xff0], 0x99
    MAP(0, offset page_a + PTE_P + PTE_W)
    UNMAP(1)
    call loads
    call stores

    // present and read-only: only the stores fault, with P
    MAP(1, offset page_b + PTE_P)
    mov ebx, SECOND
    mov eax, 0x77
    FAULT_PF(ERR_P + ERR_W, SECOND, mov [rbx - 4], rax)
    UNCHANGED
    FAULT_PF(ERR_P + ERR_W, SECOND, lock add [rbx - 4], rax)
    UNCHANGED
    CHECK64(page_b, 0)
    CHECK_PTE(1, PTE_D, 0)

    // the other way round: the first page is missing, CR2 is the access's own address
    UNMAP(0)
    FAULT_PF(0, SECOND - 3, mov rax, [rbx - 3])
    FAULT_PF(ERR_W, SECOND - 3, mov [rbx - 3], eax)
    FAULT_PF(0, SECOND - 31, vmovdqu ymm0, [rbx - 31])
    CHECK(rax, 0x77)
    PASS

loads:
    mov ebx, SECOND
    mov eax, 0x77
    pcmpeqb xmm0, xmm0
    FAULT_PF(0, SECOND, mov rax, [rbx - 1])
    FAULT_PF(0, SECOND, mov rax, [rbx - 7])
    FAULT_PF(0, SECOND, mov ax, [rbx - 1])
    FAULT_PF(0, SECOND, add eax, [rbx - 2])
    FAULT_PF(0, SECOND, movzx eax, word ptr [rbx - 1])
    FAULT_PF(0, SECOND, movups xmm0, [rbx - 5])
    FAULT_PF(0, SECOND, vmovups ymm0, [rbx - 31])
    FAULT_PF(0, SECOND, vaddps ymm0, ymm0, [rbx - 1])
    FAULT_PF(0, SECOND, fld tbyte ptr [rbx - 9])
    FAULT_PF(0, SECOND, push [rbx - 4])
    FAULT_PF(0, SECOND, imul rax, [rbx - 4], 3)
    movq rcx, xmm0
    CHECK(rcx, -1)
    UNCHANGED
    GATE_ATTR(PF, exception_stubs + 14 * 16, 0x8e01)
    FAULT_RSP(PF, 0, SECOND - 4, pop rax)
    CHECK([fault_cr2], SECOND)
    UNCHANGED
    ret

stores:
    mov ebx, SECOND
    FAULT_PF(ERR_W, SECOND, mov [rbx - 1], rax)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, mov [rbx - 7], rax)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, mov word ptr [rbx - 1], 5)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, movq [rbx - 2], xmm0)
    UNCHANGED
    FAULT_PF(ERR_W, SECOND, pop [rbx - 3])
    UNCHANGED
    FAULT_RSP(PF, ERR_W, SECOND + 4, push rax)
    CHECK([fault_cr2], SECOND)
    FAULT_RSP(PF, ERR_W, SECOND + 4, call loads)
    CHECK([fault_cr2], SECOND)
    UNCHANGED
    ret
PAGE(page_b)
PAGE(page_a)
