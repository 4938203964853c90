// Sixteen processors: INIT and SIPI to all but the sender start fifteen at once, each with an APIC ID of its own, and
// all count in one place.
// expect: exit 33
// cpus: 16
#include "protected.inc"

#define ICR_LOW 0xfee00300
#define STARTS  0xa000                  // how many have started
#define IDS     0xa004                  // a bit for each APIC ID
#define SUM     0xa008                  // what all add up
#define ROUNDS  1000

guest_main:
    cld
    mov esi, offset start
    mov ecx, offset start_end - start
    mov edi, 0x8000
    rep movsb
    mov dword ptr [STARTS], 0
    mov dword ptr [IDS], 1
    mov dword ptr [SUM], 0
    mov dword ptr [0xfee000f0], 0x1ff
    mov dword ptr [ICR_LOW], 0xc4500    // INIT, to all but itself
    mov dword ptr [ICR_LOW], 0xc4608    // SIPI
1:  pause
    cmp dword ptr [STARTS], 15
    jne 1b
    CHECK32(IDS, 0xffff)
    CHECK32(SUM, 15 * ROUNDS)
    PASS

    .code16
start:
    mov eax, 1
    cpuid
    shr ebx, 24
    lock bts dword ptr [IDS], ebx
    mov cx, ROUNDS
1:  lock inc dword ptr [SUM]
    dec cx
    jnz 1b
    lock inc dword ptr [STARTS]
2:  cli
    hlt
    jmp 2b
start_end:
    .code32
