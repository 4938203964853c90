// A page that one address space writes becomes code in another while the first is left by "no flush" CR3 writes: the
// stores after coming back are seen, and so are pages that change places behind a jump that was learned.
// expect: exit 33
// qemu: skip TCG 7.2 has no PCID
#include "long.inc"

guest_main:
    NEED_CPUID(1, ecx, 17)
    mov ebx, WIN
    MAP(0, offset page_a + PTE_P + PTE_W)
    call copy_tables
    mov rax, cr4
    or rax, CR4_PCIDE
    mov cr4, rax
    mov r8, cr3
    or r8, 1                                        // space 1 writes
    mov r9, offset pml4_2 + 2                       // space 2 runs what is written
    mov cr3, r9
    mov cr3, r8
    bts r8, 63
    bts r9, 63
    mov byte ptr [rbx], 0xb8                        // mov eax, imm32; ret
    mov byte ptr [rbx + 5], 0xc3
    mov ecx, 200
1:  mov [rbx + 1], ecx
    mov cr3, r9
    call rbx                                        // an indirect jump, learned by space 2
    sub eax, ecx
    CHECK(rax, 0)
    mov cr3, r8
    dec ecx
    jnz 1b

    // the same address, other code in each space: what one learned is nothing to the other
    mov byte ptr [page_b], 0xb8
    mov dword ptr [page_b + 1], 0x2222
    mov byte ptr [page_b + 5], 0xc3
    mov dword ptr [page_a + 1], 0x1111
    mov qword ptr [pt_2], offset page_b + PTE_P + PTE_W
    mov rax, r9
    btr rax, 63
    mov cr3, rax                                    // flushes space 2
    mov ecx, 50
2:  call rbx
    CHECK(rax, 0x2222)
    mov cr3, r8
    call rbx
    CHECK(rax, 0x1111)
    mov cr3, r9
    dec ecx
    jnz 2b
    // the stack and data of either space are still written where they belong
    mov qword ptr [rbx + 64], 5
    mov cr3, r8
    mov qword ptr [rbx + 64], 6
    mov rax, [page_a + 64]
    CHECK(rax, 6)
    mov rax, [page_b + 64]
    CHECK(rax, 5)
    PASS
#include "second_space.inc"
PAGE(page_a)
PAGE(page_b)
