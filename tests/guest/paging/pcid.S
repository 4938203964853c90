// PCID: each space sees its own pages, with and without the no-flush bit; a flushing CR3 write and INVPCID drop what they must.
// CR4.PCIDE and CR3 rules: #GP.
// expect: exit 33
// qemu: skip TCG 7.2 has neither PCID nor INVPCID
#include "long.inc"

guest_main:
    NEED_CPUID(1, ecx, 17)
    NEED_CPUID(7, ebx, 10)
    mov qword ptr [page_a], 1
    mov qword ptr [page_b], 2
    mov qword ptr [page_c], 3
    mov ebx, WIN
    // PCIDE needs CR3[11:0] = 0 (here it is) and long mode
    mov r8, cr3
    lea rax, [r8 + 0x18]                            // PWT, PCD
    mov cr3, rax
    mov rax, cr4
    or rax, CR4_PCIDE
    FAULT(GP, 0, mov cr4, rax)
    mov cr3, r8
    mov cr4, rax
    // clearing PG with PCIDE set: #GP
    mov rax, cr0
    mov rcx, CR0_PG
    andn rax, rcx, rax
    FAULT(GP, 0, mov cr0, rax)

    MAP(0, offset page_a + PTE_P + PTE_W)
    call copy_tables
    mov qword ptr [pt_2], offset page_b + PTE_P + PTE_W
    or r8, 1                                        // space 1
    mov r9, offset pml4_2 + 2                       // space 2
    mov cr3, r8
    mov cr3, r9
    bts r8, 63                                      // no flush from here on
    bts r9, 63
    mov ecx, 50
1:  mov cr3, r8
    mov rax, [rbx]
    CHECK(rax, 1)
    mov cr3, r9
    mov rax, [rbx]
    CHECK(rax, 2)
    dec ecx
    jnz 1b
    mov rax, cr3                                    // bit 63 is not kept
    mov rcx, r9
    btr rcx, 63
    sub rax, rcx
    CHECK(rax, 0)

    // invlpg is for the current PCID; a flushing CR3 write for the one it loads
    PTE(0, offset page_c + PTE_P + PTE_W)           // of space 1; we are in 2
    mov rax, r8
    btr rax, 63
    mov cr3, rax                                    // flushes space 1
    mov rax, [rbx]
    CHECK(rax, 3)
    PTE(0, offset page_a + PTE_P + PTE_W)
    invlpg [rbx]
    mov rax, [rbx]
    CHECK(rax, 1)
    mov cr3, r9
    mov rax, [rbx]
    CHECK(rax, 2)
    mov cr3, r8

    // INVPCID type 0 (address), 1 (context), 2 (all and global), 3 (all but global)
    mov qword ptr [pt_2], offset page_c + PTE_P + PTE_W
    mov qword ptr [descriptor], 2
    mov qword ptr [descriptor + 8], rbx
    xor eax, eax
    invpcid rax, [descriptor]
    mov cr3, r9
    mov rax, [rbx]
    CHECK(rax, 3)
    mov cr3, r8
    mov edx, 1
2:  mov qword ptr [pt_2], offset page_b + PTE_P + PTE_W
    mov rsi, offset page_b
    cmp qword ptr [rbx], 1                          // keep space 1 warm
    mov qword ptr [descriptor + 8], 0
    invpcid rdx, [descriptor]
    mov cr3, r9
    mov rax, [rbx]
    CHECK(rax, 2)
    mov qword ptr [pt_2], offset page_c + PTE_P + PTE_W
    invpcid rdx, [descriptor]
    mov rax, [rbx]
    CHECK(rax, 3)
    mov cr3, r8
    mov rax, [rbx]
    CHECK(rax, 1)
    inc edx
    cmp edx, 4
    jne 2b
    // wrong uses
    mov eax, 4
    FAULT(GP, 0, invpcid rax, [descriptor])
    mov eax, 0
    mov qword ptr [descriptor], 0x1000
    FAULT(GP, 0, invpcid rax, [descriptor])
    mov qword ptr [descriptor], 0
    bts qword ptr [descriptor + 8], 63
    FAULT(GP, 0, invpcid rax, [descriptor])         // address not canonical
    lea rdx, [rip + descriptor]
    USER_FAULT(GP, 0, invpcid rax, [rdx])
    PASS
    .data
    .balign 16
descriptor: .quad 0, 0
    .text
#include "second_space.inc"
PAGE(page_a)
PAGE(page_b)
PAGE(page_c)
