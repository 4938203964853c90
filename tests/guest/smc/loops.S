// Code that is overwritten again and again: a loop that patches itself, a generated function run and rewritten, an
// instruction patched every turn through another linear address, two functions that rewrite each other.
// expect: exit 33
#include "long.inc"

guest_main:
    // a loop that changes its own increment each turn: 1 + 2 + ... + 1000
    xor eax, eax
    mov ecx, 1
1:  mov [2f + 1], ecx
2:  add eax, 0x11111111
    inc ecx
    cmp ecx, 1001
    jne 1b
    CHECK(rax, 500500)

    // generate, call, throw away: mov eax, n; ret
    mov ecx, 3000
    xor esi, esi
3:  mov byte ptr [code], 0xb8
    mov [code + 1], ecx
    mov byte ptr [code + 5], 0xc3
    call code
    add esi, eax
    dec ecx
    jnz 3b
    CHECK(rsi, 3000 * 3001 / 2)

    // two bodies in turn at the same place, each run many times
    mov r12d, 20
    xor eax, eax
4:  mov dword ptr [code], 0x90c3c0ff        // inc eax; ret
    mov ecx, 100
5:  call code
    dec ecx
    jnz 5b
    mov dword ptr [code], 0x90c3c8ff        // dec eax; ret
    mov ecx, 99
6:  call code
    dec ecx
    jnz 6b
    dec r12d
    jnz 4b
    CHECK(rax, 20)

    // through an alias (needs a serializing or branch step on hardware: call is one in practice; cpuid to be exact)
    MAP(0, offset code + PTE_P + PTE_W)
    mov r12d, 500
    mov byte ptr [code], 0xb8
    mov byte ptr [code + 5], 0xc3
    xor esi, esi
7:  mov [WIN + 1], r12d
    xor eax, eax
    cpuid
    call code
    add esi, eax
    mov dword ptr [code + 1], 7
    mov eax, WIN
    call rax                                // and the other way round
    add esi, eax
    dec r12d
    jnz 7b
    CHECK(rsi, 125250 + 3500)

    // ring 3 writes, ring 0 runs
    mov edi, offset code + USER
    mov dword ptr [code], 0x90c3c0ff
    xor eax, eax
    call code
    IN_USER(mov dword ptr [rdi], 0x90c3c8ff)
    call code
    CHECK(rax, 0)
    PASS
PAGE(code)
