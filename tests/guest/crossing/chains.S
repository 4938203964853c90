// Lists whose elements lie on pages that neighbour each other in virtual memory only, so that the way from a guest
// address to the host's differs from element to element: walked, written, mapped elsewhere meanwhile, over the end of a
// page and into a page that is absent.
// expect: exit 33
#include "long.inc"

// Element: link, value, mark.
#define EVEN(i) (WIN + (i) * 64)
#define ODD(i) (WIN + 4096 + (i) * 64)

guest_main:
    MAP(0, offset page_a + PTE_P + PTE_W)
    MAP(1, offset page_b + PTE_P + PTE_W)           // page_b lies below page_a
    UNMAP(2)

    // 60 elements, each on the other page than the one before
    mov edi, WIN
    xor ecx, ecx
1:  mov rax, rcx
    shl rax, 6
    lea rdx, [rdi + rax]
    bt ecx, 0
    jnc 2f
    add rdx, 4096
2:  lea rax, [rdi + rax + 64]
    bt ecx, 0
    jc 3f
    add rax, 4096
3:  mov [rdx], rax
    mov [rdx + 8], rcx
    inc ecx
    cmp ecx, 60
    jne 1b
    mov qword ptr [ODD(59)], 0

    // sum
    xor ebx, ebx
    mov eax, EVEN(0)
4:  add rbx, [rax + 8]
    mov rax, [rax]
    test rax, rax
    jnz 4b
    CHECK(rbx, 59 * 30)

    // write to each element before the next is known
    mov ecx, 100
    mov eax, EVEN(0)
5:  mov [rax + 16], rcx
    inc ecx
    add qword ptr [rax + 8], 1
    mov rax, [rax]
    test rax, rax
    jnz 5b
    CHECK64(page_a + 0 * 64 + 16, 100)
    CHECK64(page_b + 1 * 64 + 16, 101)
    CHECK64(page_a + 58 * 64 + 16, 158)
    CHECK64(page_b + 59 * 64 + 16, 159)
    CHECK64(page_b + 59 * 64 + 8, 60)

    // a ring of two pages for long, then one of one page for long, then of two again
    mov qword ptr [ODD(59)], EVEN(0)
    mov eax, EVEN(0)
    xor ebx, ebx
    call around
    CHECK(rbx, 1000 * (60 * 61 / 2))
    mov qword ptr [page_a + 58 * 64], EVEN(0)
    mov ecx, 0
6:  mov rdx, rcx
    shl rdx, 6
    lea rsi, [rdx + WIN + 128]
    mov [page_a + rdx], rsi
    add ecx, 2
    cmp ecx, 58
    jne 6b
    mov eax, EVEN(0)
    xor ebx, ebx
    call around
    CHECK(rbx, 2000 * (30 * 30))                    // 1 + 3 + ... + 59, twice as often
    CHECK(rax, EVEN(0))

    // the page is another one from here on: what was learnt of it is stale
    mov ecx, 0
7:  mov rdx, rcx
    shl rdx, 6
    mov rsi, [page_a + rdx]
    mov [page_c + rdx], rsi
    mov qword ptr [page_c + rdx + 8], 7
    add ecx, 2
    cmp ecx, 60
    jne 7b
    MAP(0, offset page_c + PTE_P + PTE_W)
    mov eax, EVEN(0)
    xor ebx, ebx
    call around
    CHECK(rbx, 60000 * 7)

    // the link itself lies on both pages, then leads into the absent one
    mov rax, WIN + 2 * 4096 + 8
    mov [page_c + 4092], eax
    mov dword ptr [page_b], 0
    mov qword ptr [page_c + 2 * 64], WIN + 4092
    mov eax, EVEN(0)
    xor ebx, ebx
    fault_arm_ 9f
8:  inc rbx
81: mov rax, [rax]
    test rax, rax
    jnz 8b
    NOT_REACHED
9:  fault_check_ PF, 0, 81b, __LINE__
    check_ [fault_cr2], WIN + 8200, __LINE__
    CHECK(rax, WIN + 2 * 4096 + 8)
    CHECK(rbx, 4)

    // a link that is not canonical
    mov rax, 0x123456789abcdef0
    mov [page_c + 2 * 64], rax
    mov eax, EVEN(0)
    fault_arm_ 11f
10: mov rax, [rax]
    test rax, rax
    jnz 10b
    NOT_REACHED
11: fault_check_ GP, 0, 10b, __LINE__

    // a read-only page: links may be followed, and not be written
    MAP(0, offset page_c + PTE_P)
    mov rax, cr0
    bts rax, 16                                     // WP
    mov cr0, rax
    mov qword ptr [page_c + 2 * 64], ODD(1)
    mov eax, ODD(1)
    mov qword ptr [page_b + 64], EVEN(0)
    xor ebx, ebx
    fault_arm_ 13f
12: mov rdx, [rax]
    inc rbx
121: mov qword ptr [rax + 24], 1
    mov rax, rdx
    jmp 12b
13: fault_check_ PF, 3, 121b, __LINE__
    check_ [fault_cr2], WIN + 24, __LINE__
    CHECK(rbx, 2)
    CHECK64(page_b + 64 + 24, 1)
    PASS

// RBX += values of 60,000 elements from RAX on.
around:
    mov ecx, 60000
1:  add rbx, [rax + 8]
    mov rax, [rax]
    dec ecx
    jnz 1b
    ret

    .bss
    .balign 4096
page_b: .skip 4096
    .skip 4096
page_a: .skip 4096
page_c: .skip 4096
