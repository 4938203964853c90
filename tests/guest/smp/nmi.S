// NMIs from one processor to another that has interrupts off: in HLT, and in a loop without end.
// expect: exit 33
// cpus: 2
// kvm: skip as smp/start_up: what starts the second processor hangs there
#include "protected.inc"

#define ICR_LOW  0xfee00300
#define ICR_HIGH 0xfee00310
#define STARTS   0xa000
#define HALTS    0xa004                     // how often HLT ended
#define NMIS     0xa008
#define SPIN     0xa00c                     // from the next waking on
#define SPINS    0xa010
.macro wait_for_ where, count
1:  pause
    cmp dword ptr [\where], \count
    jne 1b
.endm
// Again and again, until something is set there: one may come right before HLT.
.macro send_until_set_ where
1:  mov dword ptr [ICR_LOW], 0x4400         // NMI
    mov ecx, 10000
2:  pause
    cmp dword ptr [\where], 0
    jne 3f
    dec ecx
    jnz 2b
    jmp 1b
3:
.endm

guest_main:
    cld
    mov esi, offset first
    mov ecx, offset first_end - first
    mov edi, 0x8000
    rep movsb
    xor eax, eax
    mov [STARTS], eax
    mov [HALTS], eax
    mov [NMIS], eax
    mov [SPIN], eax
    mov [SPINS], eax
    mov dword ptr [2 * 4], 0x08000000 + nmi_handler - first     // 0800:handler
    mov dword ptr [0xfee000f0], 0x1ff
    mov dword ptr [ICR_HIGH], 0x01000000
    mov dword ptr [ICR_LOW], 0x4500         // INIT
    mov dword ptr [ICR_LOW], 0x4608         // SIPI
    wait_for_ STARTS, 1

    send_until_set_ HALTS
    mov dword ptr [SPIN], 1
    send_until_set_ SPINS
    mov ebx, [HALTS]
    mov edx, 8
3:  mov eax, [NMIS]
    mov dword ptr [ICR_LOW], 0x4400         // NMI; if an earlier one is still on its way, they are one
4:  pause
    cmp [NMIS], eax
    je 4b
    dec edx
    jnz 3b
    sub [HALTS], ebx
    CHECK32(HALTS, 0)                       // it was not in HLT any more
    PASS

    .code16
first:
    mov sp, 0xb000
    cli
    lock inc dword ptr [STARTS]
1:  hlt
    inc dword ptr [HALTS]
    cmp dword ptr [SPIN], 0
    je 1b
    inc dword ptr [SPINS]
2:  jmp 2b
nmi_handler:
    inc dword ptr [NMIS]
    iret
first_end:
    .code32
