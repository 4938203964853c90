// Privileged instructions in ring 3: #GP(0), whatever their operands; those that ring 3 may run do run.
// expect: exit 33
// kvm: skip AVX: QEMU 7.2 does not intercept XSETBV, so KVM sets XCR0 back to what it knows
#include "long.inc"
#define PRIVILEGED(...) USER_FAULT(GP, 0, __VA_ARGS__)

guest_main:
    mov ebx, offset data + USER
    xor eax, eax
    xor ecx, ecx
    xor edx, edx
    PRIVILEGED(hlt)
    PRIVILEGED(cli)
    PRIVILEGED(sti)
    PRIVILEGED(in al, 0x80)
    PRIVILEGED(out 0x80, al)
    PRIVILEGED(in eax, dx)
    PRIVILEGED(out dx, ax)
    PRIVILEGED(insb)
    PRIVILEGED(outsd)
    PRIVILEGED(rep outsb)                   // ECX = 0: still checked
    PRIVILEGED(mov rax, cr0)
    PRIVILEGED(mov rax, cr2)
    PRIVILEGED(mov rax, cr3)
    PRIVILEGED(mov rax, cr4)
    PRIVILEGED(mov rax, cr8)
    PRIVILEGED(mov cr0, rax)
    PRIVILEGED(mov cr3, rax)
    PRIVILEGED(mov cr8, rax)
    PRIVILEGED(mov rax, dr0)
    PRIVILEGED(mov dr7, rax)
    PRIVILEGED(lgdt [rbx])
    PRIVILEGED(lidt [rbx])
    PRIVILEGED(lldt ax)
    PRIVILEGED(ltr ax)
    PRIVILEGED(lmsw ax)
    PRIVILEGED(clts)
    PRIVILEGED(invd)
    PRIVILEGED(wbinvd)
    PRIVILEGED(invlpg [rbx])
    PRIVILEGED(rdmsr)
    PRIVILEGED(wrmsr)
    PRIVILEGED(swapgs)
    PRIVILEGED(sysretq)
    CR_SET(cr4, CR4_TSD)
    PRIVILEGED(rdtsc)
    CR_CLEAR(cr4, CR4_TSD)
    mov ecx, 0
    PRIVILEGED(rdpmc)
    CHECK(rax, 0)

    // ring 3 may
    IN_USER(rdtsc; cpuid; nop; pause; mfence; lfence; sfence; clflush [rip + data]; prefetcht0 [rip]; xor ecx, ecx; xgetbv)
    CHECK(rax, 7)
    IN_USER(sgdt [rip + data]; sidt [rip + data + 16]; smsw eax; sldt ecx; str edx)      // (no UMIP)
    CHECK(rdx, TSSSEL)
    CHECK64(data + 2, offset gdt)
    CHECK64(data + 18, offset idt)
    // and popfq there changes neither IF nor IOPL, without a fault
    IN_USER(push FL_IF + FL_IOPL + FL_STATUS + FL_ID; popfq)
    CHECK_FLAGS(FL_IF + FL_IOPL + FL_STATUS + FL_ID, FL_STATUS + FL_ID)
    PASS
    .data
    .balign 16
data: .quad 0, 0, 0, 0, 0, 0, 0, 0
