// INIT and SIPI start the second processor in real mode at vector * 4 KiB, with the registers that the manual says
// (SDM volume 3, table 9-1); while it runs a SIPI is dropped; INIT takes it out of a halt with interrupts off.
// expect: exit 33
// cpus: 2
#include "protected.inc"

#define ICR_LOW  0xfee00300
#define ICR_HIGH 0xfee00310
#define STARTS   0xa000                     // how often it was started
#define SEEN(n)  (0xa010 + 4 * (n))         // what it found
#define SELECTOR(n) (0xa050 + 2 * (n))
.macro wait_for_starts_ count
1:  pause
    cmp dword ptr [STARTS], \count
    jne 1b
.endm
.macro copy_to_ from, end, to
    mov esi, offset \from
    mov ecx, offset \end - \from
    mov edi, \to
    rep movsb
.endm

guest_main:
    cld
    copy_to_ first, first_end, 0x8000
    copy_to_ second, second_end, 0x9000
    mov dword ptr [STARTS], 0
    mov dword ptr [0xfee000f0], 0x1ff
    mov dword ptr [ICR_HIGH], 0x01000000
    mov dword ptr [ICR_LOW], 0x4500         // INIT
    mov dword ptr [ICR_LOW], 0x4608         // SIPI
    wait_for_starts_ 1
    CHECK32(SEEN(0), 0x60000010)            // CR0
    CHECK32(SEEN(1), 2)                     // EFLAGS
    CHECK32(SEEN(2), 0)                     // EAX
    CHECK32(SEEN(3), 0)                     // ESI
    CHECK32(SEEN(4), 0x01000000)            // APIC ID by CPUID
    CHECK32(SEEN(6), 0)                     // CR3
    CHECK32(SEEN(7), 0)                     // CR4
    CHECK32(SEEN(8), 0x0000ffff)            // IDTR
    CHECK16(SEEN(9), 0)
    CHECK16(SELECTOR(0), 0x800)             // CS
    CHECK16(SELECTOR(1), 0)                 // SS
    CHECK16(SELECTOR(2), 0)                 // DS
    CHECK16(SELECTOR(3), 0)                 // ES
    mov eax, 1
    cpuid
    CHECK32(SEEN(5), eax)                   // EDX: the signature
    mov ecx, 100000
2:  pause
    dec ecx
    jnz 2b
    mov dword ptr [ICR_LOW], 0x4609         // it waits for none
    mov ecx, 100000
3:  pause
    dec ecx
    jnz 3b
    CHECK32(STARTS, 1)
    mov dword ptr [ICR_LOW], 0x4500
    mov dword ptr [ICR_LOW], 0x4609
    wait_for_starts_ 2
    CHECK16(SELECTOR(4), 0x900)
    PASS

    .code16
first:
    mov [SEEN(2)], eax
    mov [SEEN(3)], esi
    mov [SEEN(5)], edx
    mov eax, cr0
    mov [SEEN(0)], eax
    mov eax, cr3
    mov [SEEN(6)], eax
    mov eax, cr4
    mov [SEEN(7)], eax
    mov word ptr [SELECTOR(0)], cs
    mov word ptr [SELECTOR(1)], ss
    mov word ptr [SELECTOR(2)], ds
    mov word ptr [SELECTOR(3)], es
    mov sp, 0xb000
    pushfd
    pop dword ptr [SEEN(1)]
    sidt [SEEN(8)]
    mov eax, 1
    cpuid
    and ebx, 0xff000000
    mov [SEEN(4)], ebx
    lock inc dword ptr [STARTS]
1:  cli
    hlt
    jmp 1b
first_end:
second:
    mov word ptr [SELECTOR(4)], cs
    lock inc dword ptr [STARTS]
1:  cli
    hlt
    jmp 1b
second_end:
    .code32
