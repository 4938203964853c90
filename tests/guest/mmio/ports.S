// Port I/O of every size and form: in and out with immediate and DX, ins, outs, rep, backwards, with faults in the
// memory side (the port is then not touched, or the element not lost). The ports: PIC masks, the serial scratch register.
// expect: exit 33
#include "long.inc"
#define SCRATCH 0x3ff

guest_main:
    cld
    mov dx, SCRATCH
    mov al, 0x5a
    out dx, al
    mov rax, 0x1122334455667788
    in al, dx
    CHECK(rax, 0x112233445566775a)
    mov al, 0xfb
    out 0x21, al
    xor eax, eax
    in al, 0x21
    CHECK(rax, 0xfb)
    mov dx, 0x5678                          // nothing there: it floats
    mov rax, 0x1122334455667788
    in eax, dx                              // 32 bits: the top half of RAX is cleared
    CHECK(rax, 0xffffffff)
    mov rax, 0x1122334455667788
    in ax, dx
    CHECK(rax, 0x112233445566ffff)
    out dx, ax
    out dx, eax
    mov dx, SCRATCH

    // outs and ins
    mov esi, offset values
    outsb
    CHECK(rsi, offset values + 1)
    mov edi, offset buffer
    insb
    CHECK8(buffer, 0x11)
    CHECK(rdi, offset buffer + 1)
    mov ecx, 3
    rep outsb
    CHECK(rcx, 0)
    CHECK(rsi, offset values + 4)
    mov ecx, 4
    mov edi, offset buffer
    rep insb
    CHECK32(buffer, 0x44444444)
    std
    mov esi, offset values + 1
    mov ecx, 2
    rep outsb
    CHECK(rsi, offset values - 1)
    in al, dx
    movzx eax, al
    CHECK(rax, 0x11)
    cld
    // outsb with a segment base and a 67 prefix: 32-bit RSI
    mov esi, offset values + 2
    bts rsi, 40
    .byte 0x67
    outsb
    CHECK(rsi, offset values + 3)
    in al, dx
    movzx eax, al
    CHECK(rax, 0x33)

    // page faults: outs at once and in the middle, ins in the middle
    UNMAP(1)
    MAP(0, offset page + PTE_P + PTE_W)
    mov esi, WIN + 4096
    FAULT_PF(0, WIN + 4096, outsb)
    CHECK(rsi, WIN + 4096)
    in al, dx
    movzx eax, al
    CHECK(rax, 0x33)
    mov byte ptr [page + 0xfff], 0x77
    mov esi, WIN + 4096 - 5
    mov ecx, 10
    FAULT_PF(0, WIN + 4096, rep outsb)
    CHECK(rcx, 5)
    CHECK(rsi, WIN + 4096)
    in al, dx
    movzx eax, al
    CHECK(rax, 0x77)
    mov edi, WIN + 4096 - 5
    mov ecx, 10
    FAULT_PF(ERR_W, WIN + 4096, rep insb)
    CHECK(rcx, 5)
    CHECK(rdi, WIN + 4096)
    CHECK32(page + 0xffc, 0x77777777)
    // RCX = 0
    xor ecx, ecx
    rep insb
    CHECK(rdi, WIN + 4096)
    PASS
    .data
    .balign 8
values: .byte 0x11, 0x22, 0x33, 0x44
buffer: .quad 0, 0
PAGE(page)
