// Port I/O from ring 3: IOPL, the TSS's bitmap bit by bit, accesses of several ports, the bitmap's end; cli and popf with IOPL 3.
// expect: exit 33
#include "long.inc"

guest_main:
    mov word ptr [tss_iobase], offset tss_bitmap - tss
    mov dx, 0x80
    USER_FAULT(GP, 0, out dx, al)
    btr dword ptr [tss_bitmap + 0x80 / 8], 0        // port 0x80
    IN_USER(mov dx, 0x80; mov al, 0x5a; out dx, al; in al, dx; out 0x80, al)
    mov dx, 0x81
    USER_FAULT(GP, 0, in al, dx)
    mov dx, 0x80
    USER_FAULT(GP, 0, out dx, ax)           // needs 0x81 too
    btr dword ptr [tss_bitmap + 0x80 / 8], 1
    IN_USER(out 0x80, ax)
    USER_FAULT(GP, 0, out dx, eax)
    and byte ptr [tss_bitmap + 0x80 / 8], 0xf0
    IN_USER(out 0x80, eax)
    lea rsi, [rip + guest_main]
    mov ecx, 3
    mov rsi, offset guest_main + USER
    IN_USER(cld; rep outsb)
    CHECK(rcx, 0)
    CHECK(rsi, offset guest_main + USER + 3)
    // a word over a byte of the bitmap: 0x87 and 0x88
    and byte ptr [tss_bitmap + 0x80 / 8], 0x7f
    mov dx, 0x87
    IN_USER(in al, dx)
    USER_FAULT(GP, 0, in ax, dx)
    and byte ptr [tss_bitmap + 0x80 / 8 + 1], 0xfe
    IN_USER(in ax, dx)
    // beyond the TSS's limit: denied
    mov dx, 0x400
    USER_FAULT(GP, 0, in al, dx)
    mov word ptr [tss_iobase], TSS_SIZE
    mov dx, 0x80
    USER_FAULT(GP, 0, in al, dx)

    // IOPL 3: everything, and cli, sti, popf
    pushfq
    or qword ptr [rsp], FL_IOPL
    popfq
    IN_USER(in al, dx; sti; pushfq; cli; pop rax; pushfq; pop rbx)
    and eax, FL_IF
    CHECK(rax, FL_IF)
    and ebx, FL_IF
    CHECK(rbx, 0)
    USER_FAULT(GP, 0, hlt)                  // still ring 0's
    pushfq
    or qword ptr [rsp], FL_IOPL
    popfq
    IN_USER(push FL_IF + 2; popfq; pushfq; pop rax; push 2; popfq)      // IF may change, IOPL not
    and eax, FL_IF + FL_IOPL
    CHECK(rax, FL_IF + FL_IOPL)
    PASS
