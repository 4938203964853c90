// Constants that are patched again and again where they lie in the code: of MOV and LEA, in every register and width,
// with all forms of addresses; then another byte of the same code; then what was there first.
// expect: exit 33
#include "long.inc"

// PATCH(code, field's offset, size, instruction that reads it, what it must give in rax): 20 values, each run twice
.macro patch_ at, bytes, extended
    mov r12d, 20
    mov r13, 0xfedcba9812345678
771:
    .ifc \bytes, 8
    mov [\at], r13
    mov r14, r13
    .else
    mov [\at], r13d
    .ifc \extended, signed
    movsxd r14, r13d
    .else
    mov r14d, r13d
    .endif
    .endif
    call run
    CHECK(rax, r14)
    call run
    CHECK(rax, r14)
    rol r13, 7
    dec r12d
    jnz 771b
.endm
#define CODE(...) jmp 773f; .balign 64; 772: __VA_ARGS__; 773: mov qword ptr [target], offset 772b
#define PATCH(offset_, size, extended) patch_ STR(772b + offset_), STR(size), STR(extended)

guest_main:
    CODE(mov eax, 0x11111111; ret)
    PATCH(1, 4, zero)
    CODE(movabs rax, 0x1111111111111111; ret)
    PATCH(2, 8, zero)
    CODE(mov rax, 0x11111111; ret)
    PATCH(3, 4, signed)
    CODE(mov r9d, 0x11111111; mov rax, r9; ret)
    PATCH(2, 4, zero)
    CODE(movabs r15, 0x1111111111111111; mov rax, r15; ret)
    PATCH(2, 8, zero)
    CODE(mov r10, 0x11111111; mov rax, r10; ret)
    PATCH(3, 4, signed)

    xor edi, edi
    xor r9d, r9d
    CODE(lea rax, [rdi + 0x11111111]; ret)
    PATCH(3, 4, signed)
    CODE(lea eax, [rdi + 0x11111111]; ret)
    PATCH(2, 4, zero)
    CODE(lea rax, [rdi + rdi * 4 + 0x11111111]; ret)
    PATCH(4, 4, signed)
    CODE(lea rax, [r9 + rdi * 4 + 0x11111111]; ret)
    PATCH(4, 4, signed)
    CODE(lea r11, [r9 + r9 * 8 + 0x11111111]; mov rax, r11; ret)
    PATCH(4, 4, signed)
    CODE(lea rax, [rdi * 4 + 0x11111111]; ret)
    PATCH(4, 4, signed)
    CODE(lea rax, [rip + 0x11111111]; 774: sub rax, offset 774b; ret)
    PATCH(3, 4, signed)

    // accesses beside a patched LEA must not take it for a constant
    mov edi, offset data
    mov qword ptr [data], 1
    mov qword ptr [data + 0x100], 2
    CODE(mov rax, [rdi]; lea rsi, [rdi + 0x11111111]; add rax, [rsi]; ret)
    mov r12d, 10
1:  mov dword ptr [772b + 6], 0
    call run
    CHECK(rax, 2)
    mov dword ptr [772b + 6], 0x100
    call run
    CHECK(rax, 3)
    dec r12d
    jnz 1b

    // the constant, then the opcode, then both
    CODE(mov eax, 0x11111111; inc eax; ret)
    mov r12d, 10
2:  mov [772b + 1], r12d
    call run
    lea rcx, [r12 + 1]
    CHECK(rax, rcx)
    mov byte ptr [772b + 6], 0xc8                   // dec eax
    call run
    lea rcx, [r12 - 1]
    CHECK(rax, rcx)
    mov dword ptr [772b + 1], 100
    mov byte ptr [772b + 6], 0xc0
    call run
    CHECK(rax, 101)
    dec r12d
    jnz 2b

    // part of a constant, byte by byte
    CODE(mov eax, 0; ret)
    mov r12d, 5
3:  mov dword ptr [772b + 1], 0
    mov byte ptr [772b + 1], 0x44
    call run
    CHECK(rax, 0x44)
    mov byte ptr [772b + 4], 0x11
    call run
    CHECK(rax, 0x11000044)
    mov word ptr [772b + 2], 0x2233
    call run
    CHECK(rax, 0x11223344)
    dec r12d
    jnz 3b

    // away and back again, as a breakpoint is set and removed
    CODE(mov eax, 7; ret)
    mov r12d, 10
4:  call run
    CHECK(rax, 7)
    mov word ptr [772b], 0xc031                     // xor eax, eax; then bytes of the constant
    mov dword ptr [772b + 2], 0x9090c390
    call run
    CHECK(rax, 0)
    mov dword ptr [772b], 0x000007b8
    mov word ptr [772b + 4], 0xc300
    dec r12d
    jnz 4b
    PASS

run:
    jmp [target]
    .data
    .balign 8
target: .quad 0
    .bss
    .balign 4096
data: .skip 4096
