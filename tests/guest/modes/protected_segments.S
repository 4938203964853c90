// Segmentation in 32-bit protected mode: bases, limits (#GP, #SS for the stack), expand-down, read-only, null and
// execute-only segments, a byte-granular limit met exactly, wrap-around of base + offset at 4 GiB.
// expect: exit 33
// qemu: skip TCG does not check limits nor the types of flat data
#include "protected.inc"

// A descriptor at SPARE based at `data`, loaded into FS
.macro load_fs limit, type, flags
    mov eax, offset data
    mov word ptr [gdt + SPARE], \limit
    mov [gdt + SPARE + 2], ax
    shr eax, 16
    mov [gdt + SPARE + 4], al
    mov [gdt + SPARE + 7], ah
    mov byte ptr [gdt + SPARE + 5], \type
    mov byte ptr [gdt + SPARE + 6], \flags
    mov eax, SPARE
    mov fs, eax
.endm

guest_main:
    load_fs 15, 0x93, 0x40
    CHECK(fs:[0], 0x11)
    CHECK(fs:[12], 0x44)
    mov eax, 0x77
    FAULT(GP, 0, mov eax, fs:[13])          // its last byte is beyond
    FAULT(GP, 0, mov fs:[13], eax)
    FAULT(GP, 0, mov al, fs:[16])
    mov al, fs:[15]
    FAULT(GP, 0, mov eax, fs:[0xfffffffe])
    // read-only
    load_fs 15, 0x91, 0x40
    mov eax, fs:[4]
    CHECK(eax, 0x22)
    FAULT(GP, 0, mov fs:[4], eax)
    FAULT(GP, 0, lock inc dword ptr fs:[4])
    CHECK32(data + 4, 0x22)
    // expand-down: valid above the limit
    load_fs 15, 0x97, 0x40
    mov eax, fs:[16]
    CHECK(eax, 0x55)
    FAULT(GP, 0, mov eax, fs:[15])
    FAULT(GP, 0, mov eax, fs:[0])
    // execute-only code cannot be read, readable code not written
    load_fs 15, 0x9b, 0x40
    mov eax, fs:[8]
    CHECK(eax, 0x33)
    FAULT(GP, 0, mov fs:[8], eax)
    mov byte ptr [gdt + SPARE + 5], 0x99
    mov eax, SPARE
    FAULT(GP, SPARE, mov fs, eax)
    // null: loads, but is not used
    xor eax, eax
    mov fs, eax
    FAULT(GP, 0, mov eax, fs:[0])
    FAULT(GP, 0, mov fs:[0], eax)
    FAULT(GP, 0, mov ss, eax)
    // a page-granular limit: 0 means 4 KiB
    load_fs 0, 0x93, 0xc0
    mov eax, fs:[0xffc]
    FAULT(GP, 0, mov eax, fs:[0xffd])
    // base + offset wraps at 4 GiB: -16 from data
    load_fs 0xffff, 0x93, 0xcf
    mov ebx, -16
    mov eax, fs:[ebx + 20]
    CHECK(eax, 0x22)
    mov eax, fs:[ebx]
    CHECK(eax, 0x0e)
    // the stack: base 0, limit (of pages: it is above 1 MiB) 16 bytes below ESP, so that a push is beyond; #SS. Its
    // handler must have a stack: a task gate would do it; here the fault comes from ring 3, whose handler runs on the
    // TSS's stack
    mov eax, offset user_stack_top
    shr eax, 12
    sub eax, 2
    mov [gdt + SPARE], eax
    mov dword ptr [gdt + SPARE + 4], 0x00c0f300
    mov ecx, SPARE + 3
    IN_USER(sub esp, 4096 - 16; mov ss, ecx; mov eax, [esp - 20]; mov ecx, UDS; mov ss, ecx)
    mov ecx, SPARE + 3
    STEP
    fault_arm_ 1f
    IN_USER(sub esp, 4096 - 16; mov ss, ecx; mov eax, [esp - 16])
1:  CHECK([fault_vec], SS_)
    CHECK([fault_err], 0)
    fault_arm_ 2f
    IN_USER(sub esp, 4096 - 16; mov ss, ecx; push eax)
2:  CHECK([fault_vec], SS_)
    CHECK([fault_rsp], offset user_stack_top - 4096 + 16)
    PASS
    .data
    .balign 16
    .long 0x0e, 0, 0, 0
data: .long 0x11, 0x22, 0x33, 0x44, 0x55
