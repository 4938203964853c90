// Instructions over a page boundary: into a page that is elsewhere in physical memory, missing, NX, or remapped.
// The fault's RIP is the instruction, CR2 the first byte of the second page; a patch of the tail alone is seen.
// expect: exit 33
#include "long.inc"
#define SECOND WIN + 4096


guest_main:
    cld
    MAP(0, offset page_a + PTE_P + PTE_W)
    MAP(1, offset page_b + PTE_P + PTE_W)
    mov r12d, 1
1:  mov ecx, r12d
    call place_code
    call rbx
    CHECK(rax, 0x1122334455667788)
    // the tail alone changes: through the window's own second page, then by mapping another one
    add byte ptr [rbx + 9], 1                       // the top byte of the constant
    call rbx
    CHECK(rax, 0x1222334455667788)
    mov ecx, r12d
    call place_code

    UNMAP(1)
    FAULT_AT(PF, ERR_I, rbx, jmp rbx)
    CHECK([fault_cr2], SECOND)
    MAPNX(1, offset page_b + PTE_P + PTE_W)
    FAULT_AT(PF, ERR_P + ERR_I, rbx, jmp rbx)
    CHECK([fault_cr2], SECOND)
    MAP(1, offset page_b + PTE_P)
    call rbx
    CHECK(rax, 0x1122334455667788)

    // the second page becomes another one
    mov esi, offset page_b
    mov edi, offset page_c
    mov ecx, 16
    rep movsb
    mov eax, 9
    sub eax, r12d
    mov byte ptr [page_c + rax], 0x66
    MAP(1, offset page_c + PTE_P)
    call rbx
    CHECK(rax, 0x6622334455667788)
    MAP(1, offset page_b + PTE_P + PTE_W)
    call rbx
    CHECK(rax, 0x1122334455667788)
    inc r12d
    cmp r12d, 10
    jne 1b

    // an instruction that ends exactly at the boundary does not need the second page
    mov byte ptr [page_a + 0xfff], 0xc3
    mov word ptr [page_a + 0xffd], 0x04b0           // mov al, 4
    UNMAP(1)
    mov ebx, SECOND - 3
    call rbx
    and eax, 0xff
    CHECK(rax, 4)
    // and one that would go on there faults there
    mov byte ptr [page_a + 0xfff], 0x90
    FAULT_AT(PF, ERR_I, SECOND, jmp rbx)
    CHECK([fault_cr2], SECOND)
    PASS

// ecx: bytes before the boundary; sets ebx to the code's address
place_code:
    mov ebx, SECOND
    sub ebx, ecx
    mov edi, ebx
    mov esi, offset code
    mov ecx, 11
    rep movsb
    ret
code:
    movabs rax, 0x1122334455667788
    ret
PAGE(page_c)
PAGE(page_b)
PAGE(between)
PAGE(page_a)
