// 2 MiB and 1 GiB pages: data and code through them, splitting and joining with invlpg anywhere inside, error codes.
// expect: exit 33
#include "long.inc"

guest_main:
    NEED_CPUID(0x80000001, edx, 26)
    // 1 GiB page at 2 GiB (PDPT[2]) onto physical 0
    mov qword ptr [pdpt + 16], PTE_P + PTE_W + PTE_PS + PTE_U
    mov ebx, 0x80000000
    mov rax, 0x1234
    mov [rbx + page], rax
    CHECK64(page, 0x1234)
    mov rcx, [pdpt + 16]
    and ecx, PTE_A + PTE_D
    CHECK(rcx, PTE_A + PTE_D)
    lea rdx, [rbx + double_it]
    mov eax, 21
    call rdx
    CHECK(rax, 42)
    mov rcx, [rbx + 0x3fffff8]                      // another 2 MiB of the same page

    // make it 2 MiB pages, the first one moved: one invlpg, at another address of the page, drops all of it
    mov qword ptr [pdpt + 16], offset new_pd + PTE_P + PTE_W + PTE_U
    mov qword ptr [new_pd], 0x2000000 + PTE_P + PTE_W + PTE_PS
    mov qword ptr [new_pd + 8], PTE_P + PTE_PS      // maps physical 0 at +2 MiB, read-only
    invlpg [rbx + 0x3123456]
    mov qword ptr [0x2000000 + page], 0x5678
    mov rcx, [rbx + page]
    CHECK(rcx, 0x5678)
    mov rcx, [rbx + 0x200000 + page]
    CHECK(rcx, 0x1234)
    lea rdx, [rbx + 0x200000 + page]
    FAULT_PF(ERR_P + ERR_W, rdx, mov [rdx], rax)
    lea rdx, [rbx + 0x400000]
    FAULT_PF(0, rdx, mov rax, [rdx])

    // 2 MiB page to 4 KiB pages
    mov rax, offset page
    and eax, 0x1ff000
    shr eax, 9
    mov ecx, offset page2 + PTE_P + PTE_W
    mov qword ptr [page2], 0x9abc
    mov [new_pt + rax], rcx
    mov qword ptr [new_pd], offset new_pt + PTE_P + PTE_W
    invlpg [rbx + 0x1ff000]
    mov rcx, [rbx + page]
    CHECK(rcx, 0x9abc)
    FAULT_PF(0, rbx, mov rcx, [rbx])

    // and back
    mov qword ptr [new_pd], PTE_P + PTE_W + PTE_PS
    invlpg [rbx + page]
    mov rcx, [rbx + page]
    CHECK(rcx, 0x1234)
    mov eax, 8
    lea rdx, [rbx + double_it]
    call rdx
    CHECK(rax, 16)
    PASS

double_it:
    add eax, eax
    ret
PAGE(page)
PAGE(page2)
PAGE(new_pd)
PAGE(new_pt)
