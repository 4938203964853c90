// #MF: an unmasked x87 exception is reported at the next waiting x87 instruction, not by the non-waiting ones.
// expect: exit 33
// qemu: skip TCG reports pending x87 exceptions only at FWAIT
#include "long.inc"

guest_main:
    fninit
    fldcw [unmasked]
    fld1
    fldz
    fdivp st(1), st                         // divides by zero: pending
    fnstsw ax
    and eax, 0x8084
    CHECK(rax, 0x8084)                      // ES, B and ZE
    mov ecx, 5
    inc ecx
    mov [scratch], ecx                      // integer instructions are not concerned
    fnstcw [scratch]
    FAULT(MF, 0, fld1)
    FAULT(MF, 0, fwait)
    FAULT(MF, 0, fstp qword ptr [scratch])
    FAULT(MF, 0, fldcw [masked])
    FAULT(MF, 0, paddb mm0, mm1)
    addps xmm0, xmm1                        // nor is SSE
    fnclex
    fld1
    fnstsw ax
    and eax, 0x80ff
    CHECK(rax, 0)
    fninit

    // FNINIT and FNSTENV and FNSAVE take it away or mask it
    fldcw [unmasked]
    fldz
    fld1
    fdivrp st(1), st
    fnstenv [area]
    fwait                                   // fnstenv masks all
    fninit
    fldcw [unmasked]
    fld1
    fldz
    fdivp st(1), st
    fninit
    fwait
    fnstcw [scratch]
    CHECK16(scratch, 0x37f)

    // an exception unmasked later by fldcw is pending at once
    fld1
    fldz
    fdivp st(1), st                         // masked
    fldcw [unmasked]
    fnstsw ax
    and eax, 0x8000
    CHECK(rax, 0x8000)
    FAULT(MF, 0, fwait)
    // with memory operands: the pending #MF is reported before the load is tried
    mov rbx, 0x123456789000
    FAULT(MF, 0, fld qword ptr [rbx])
    fninit
    FAULT(PF, 0, fld qword ptr [rbx])
    PASS
    .data
unmasked: .word 0x360
masked:   .word 0x37f
    .balign 8
scratch:  .quad 0
area:     .skip 128
