// Loading segment registers: beyond the GDT, not present, wrong type, wrong privilege, null; error codes are the
// selector without RPL. LDT, LAR, LSL, VERR, VERW, LTR, STR; descriptor A bits.
// expect: exit 33
#include "long.inc"

guest_main:
    mov eax, 0x200
    FAULT(GP, 0x200, mov ds, eax)
    mov eax, 0x203
    FAULT(GP, 0x200, mov es, eax)
    FAULT(GP, 0x200, mov fs, eax)
    FAULT(GP, 0x200, mov ss, eax)
    mov eax, NPSEL
    FAULT(NP, NPSEL, mov ds, eax)
    FAULT(NP, NPSEL, mov gs, eax)
    FAULT(SS_, NPSEL, mov ss, eax)
    mov eax, TSSSEL
    FAULT(GP, TSSSEL, mov ds, eax)          // a system descriptor
    mov eax, KCS
    FAULT(GP, KCS, mov ss, eax)             // code is no stack
    mov ds, eax                             // readable code is data
    mov eax, UDS
    FAULT(GP, UDS & ~3, mov ss, eax)        // RPL and DPL of SS must be CPL
    mov fs, eax
    mov eax, KDS + 1
    FAULT(GP, KDS, mov ss, eax)
    mov eax, KDS
    mov ds, eax
    mov ecx, 0
    mov ds, ecx                             // null is fine for data, and for SS in ring 0 of long mode
    mov es, ecx
    mov ss, ecx
    mov rax, [scratch]
    mov eax, KDS
    mov ss, eax
    mov ds, eax
    mov es, eax
    // a far selector in memory; lfs and kin
    FAULT(GP, 0x200, lfs ecx, [bad_pointer])
    CHECK(rcx, 0)
    lfs ecx, [good_pointer]
    CHECK(rcx, 0x11223344)
    mov ecx, fs
    CHECK(rcx, KDS)
    push NPSEL
    FAULT(NP, NPSEL, pop fs)
    pop rax
    CHECK(rax, NPSEL)
    // ring 3: its data segments must have DPL 3
    mov eax, KDS
    USER_FAULT(GP, KDS, mov ds, eax)
    mov eax, UDS
    IN_USER(mov ds, eax; mov es, eax; mov fs, eax)
    xor eax, eax
    USER_FAULT(GP, 0, mov ss, eax)
    mov eax, KDS
    mov ds, eax
    mov es, eax

    // the accessed bit is set by a load
    mov qword ptr [gdt + SPARE], 0
    mov dword ptr [gdt + SPARE + 4], 0x00cf9200
    mov eax, SPARE
    mov fs, eax
    CHECK32(gdt + SPARE + 4, 0x00cf9300)

    // LDT: one data descriptor
    mov dword ptr [gdt + SPARE + 16], 16 - 1
    mov eax, offset ldt
    mov [gdt + SPARE + 18], ax
    shr eax, 16
    mov [gdt + SPARE + 20], al
    mov byte ptr [gdt + SPARE + 21], 0x82
    xor eax, eax
    lldt ax                                 // (after reset LDTR is null, but usable)
    mov eax, 8 + 4
    FAULT(GP, 8 + 4, mov fs, eax)           // no LDT yet
    mov ecx, SPARE + 16
    lldt cx
    sldt edx
    CHECK(rdx, SPARE + 16)
    mov fs, eax
    mov eax, 16 + 4
    FAULT(GP, 16 + 4, mov fs, eax)          // beyond its limit
    mov ecx, KDS
    FAULT(GP, KDS, lldt cx)
    xor ecx, ecx
    lldt cx
    mov eax, 8 + 4
    FAULT(GP, 8 + 4, mov fs, eax)

    // TR: busy after ltr
    str eax
    CHECK(rax, TSSSEL)
    FAULT(GP, TSSSEL, ltr ax)
    and byte ptr [gdt + TSSSEL + 5], ~2
    ltr ax
    CHECK8(gdt + TSSSEL + 5, 0x8b)
    mov ecx, KDS
    FAULT(GP, KDS, ltr cx)

    // LAR, LSL, VERR, VERW
    mov ecx, KDS
    lar eax, ecx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    and eax, ~0xf0000                       // undefined
    CHECK(rax, 0x00c09300)
    lsl eax, ecx
    CHECK(rax, 0xffffffff)
    verr cx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    verw cx
    CHECK_FLAGS(FL_ZF, FL_ZF)
    mov ecx, KCS
    verw cx
    CHECK_FLAGS(FL_ZF, 0)
    mov ecx, 0x200
    lar eax, ecx
    CHECK_FLAGS(FL_ZF, 0)
    CHECK(rax, 0xffffffff)
    mov ecx, TSSSEL
    lsl eax, ecx
    CHECK(rax, TSS_SIZE - 1)
    verr cx
    CHECK_FLAGS(FL_ZF, 0)
    mov ecx, KDS
    IN_USER(lar eax, ecx)
    CHECK_FLAGS(FL_ZF, 0)
    PASS
    .data
    .balign 8
scratch: .quad 0
ldt: .quad 0, 0x00cff3000000ffff
bad_pointer: .long 0x55
    .word 0x200
good_pointer: .long 0x11223344
    .word KDS
