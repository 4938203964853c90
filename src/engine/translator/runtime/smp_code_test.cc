// Code that one vCPU writes and another runs: nothing stale runs once the writer's later stores are seen.
#include <gtest/gtest.h>

#include "engine/translator/runtime/smp_guest.h"

// vCPU 0 writes, the others run. RSI is the number of rounds. 0x200000: rounds written; 0x200040 + 64 v: rounds that
// vCPU v has done. A wrong result ends a vCPU by UD2, without an IDT: triple fault.
asm(R"(
    .pushsection .rodata
    .intel_syntax noprefix
    // After a while the thread lets others run.
    .macro SPIN_UNTIL condition, place, value
9:  cmp dword ptr [\place], \value
    \condition 8f
    pause
    inc r15d
    test r15d, 255
    jnz 9b
    out 0x80, al
    jmp 9b
8:
    .endm
    .balign 4096
smp_code:
    // A function of the same page: MOV EAX, imm32 at an address that makes the operand aligned.
    .balign 4
    nop
    nop
    nop
smp_near_function:
    mov eax, 0
    ret
    // The writer: stores the operand, then the round, and waits until all have done it.
    .macro WRITER store:vararg
    mov ebx, 1
1:  \store
    WRITTEN
    .endm
    // Its end, where 1 is the start of a round.
    .macro WRITTEN
    mov dword ptr [0x200000], ebx
    SPIN_UNTIL je, 0x200080, ebx
    SPIN_UNTIL je, 0x2000c0, ebx
    inc ebx
    cmp ebx, esi
    jbe 1b
    hlt
    .endm
    // A reader: waits for the round, calls at once. RBP: where it says that it is done.
    .macro READER call:vararg
    mov ebp, edi
    shl ebp, 6
    add ebp, 0x200040
    mov ebx, 1
1:  SPIN_UNTIL jae, 0x200000, ebx
    \call
    cmp eax, ebx
    jne smp_wrong
    mov [rbp], ebx
    inc ebx
    cmp ebx, esi
    jbe 1b
    hlt
    .endm
smp_wrong:
    ud2
    // vCPU 1 calls the function directly, vCPU 2 indirectly.
    .macro PATCH name, function
\name:
    test edi, edi
    jnz 2f
    WRITER mov dword ptr [rip + \function + 1], ebx
2:  cmp edi, 1
    jne 3f
    READER call \function
3:  lea r13, [rip + \function]
    READER call r13
    .endm
    PATCH smp_patch_near, smp_near_function
    PATCH smp_patch_far, smp_far_function
    // The same by string instructions, which are C++.
smp_patch_string:
    mov eax, edi
    lea rdi, [rip + smp_far_function + 1]
    cld
    test eax, eax
    jnz 2f
    mov ebx, 1
1:  mov [0x200100], ebx
    mov r14, rsi
    mov rsi, 0x200100
    mov ecx, 4
    rep movsb
    sub rdi, 4
    mov rsi, r14
    WRITTEN
2:  mov edi, eax
    READER call smp_far_function
    // SDM volume 3, 9.1.3: the reader executes a serialising instruction before the new code.
smp_patch_serialized:
    test edi, edi
    jnz 2f
    WRITER mov dword ptr [rip + smp_far_function + 1], ebx
    .macro SERIALIZE_AND_CALL
    xor eax, eax
    cpuid
    mov ebx, [rbp]
    inc ebx
    call smp_far_function
    .endm
2:  READER SERIALIZE_AND_CALL

    // The protocol of Linux's text_poke: INT3 over the first byte, the rest, the first byte; after each step all others
    // serialise. Readers run the function all the time. Steps: 0x200000; done by v: 0x200040 + 64 v.
    .macro STEP
    inc r8d
    mov dword ptr [0x200000], r8d
    SPIN_UNTIL je, 0x200080, r8d
    SPIN_UNTIL je, 0x2000c0, r8d
    .endm
smp_breakpoint:
    test edi, edi
    jnz 2f
    xor r8d, r8d
    mov ebx, 1
1:  mov byte ptr [rip + smp_far_function], 0xcc
    STEP
    mov dword ptr [rip + smp_far_function + 1], ebx
    STEP
    mov byte ptr [rip + smp_far_function], 0xb8
    STEP
    inc ebx
    cmp ebx, esi
    jbe 1b
    mov dword ptr [0x200100], 1
    STEP
    hlt
2:  mov ebp, edi
    shl ebp, 6
    add ebp, 0x200040
1:  mov r8d, [0x200000]
    cmp r8d, [rbp]
    je 3f
    xor eax, eax
    cpuid
    mov [rbp], r8d
    cmp dword ptr [0x200100], 0
    jne 4f
3:  inc r15d
    test r15d, 63
    jnz 5f
    out 0x80, al
5:  call smp_far_function
    cmp eax, -1
    je 1b
    // After 3 n steps the value is n, after 3 n + 2 it is n + 1, if not INT3; after 3 n + 1 it is INT3 for sure.
    mov r9d, eax
    lea eax, [r8 + 1]
    xor edx, edx
    mov ecx, 3
    div ecx
    cmp edx, 2
    je smp_wrong
    cmp r9d, eax
    jne smp_wrong
    jmp 1b
4:  hlt
smp_on_breakpoint:
    or eax, -1
    add qword ptr [rsp], 4
    iretq

    // A compiler that appends: functions of 16 bytes from 0x400000 on, 2,048 of them, each run by the others as soon as
    // its number is out; and then from the start again, over the old ones. RSI is how often.
smp_append:
    xor ebx, ebx
    mov ebp, edi
    shl ebp, 6
    add ebp, 0x200040
    imul esi, esi, 2048
    test edi, edi
    jnz 2f
1:  mov ecx, ebx
    and ecx, 2047
    shl ecx, 4
    mov byte ptr [rcx + 0x400000], 0xb8
    mov [rcx + 0x400001], ebx
    mov byte ptr [rcx + 0x400005], 0xc3
    inc ebx
    mov [0x200000], ebx
    // Not a whole turn ahead of anybody.
    lea eax, [rbx - 1024]
5:  cmp [0x200080], eax
    jl 6f
    cmp [0x2000c0], eax
    jge 7f
6:  pause
    out 0x80, al
    jmp 5b
7:  cmp ebx, esi
    jb 1b
    hlt
2:  SPIN_UNTIL ja, 0x200000, ebx
    mov ecx, ebx
    and ecx, 2047
    shl ecx, 4
    add ecx, 0x400000
    call rcx
    cmp eax, ebx
    jne smp_wrong
    inc ebx
    mov [rbp], ebx
    cmp ebx, esi
    jb 2b
    hlt

    // Each writes 64 pages of code, all meet, and each runs what the next one wrote: at the same time.
smp_each_other:
    xor r8d, r8d
    mov r14d, edi
    xor r14d, 1
    shl r14d, 20
    mov r13d, edi
    shl r13d, 20
1:  xor ecx, ecx
2:  lea rax, [r13 + rcx + 0x400000]
    mov byte ptr [rax], 0xb8
    mov [rax + 1], esi
    mov byte ptr [rax + 5], 0xc3
    add ecx, 4096
    cmp ecx, 64 * 4096
    jb 2b
    add r8d, 2
    lock inc dword ptr [0x200000]
    SPIN_UNTIL jae, 0x200000, r8d
    xor ebx, ebx
3:  lea rdx, [r14 + rbx + 0x400000]
    call rdx
    cmp eax, esi
    jne smp_wrong
    mov [rdx + 64], eax
    add ebx, 4096
    cmp ebx, 64 * 4096
    jb 3b
    add r8d, 2
    lock inc dword ptr [0x200000]
    SPIN_UNTIL jae, 0x200000, r8d
    dec rsi
    jnz 1b
    hlt

    // Data in the line that everybody's code comes from: each adds to its own word there.
smp_beside:
    mov ebx, esi
1:  call smp_beside_function
    lea rdx, [rip + smp_beside_data]
    add [rdx + rdi * 4], eax
    dec ebx
    jnz 1b
    hlt

    // Runs the function once; patches it once. EAX at the halt is what came.
smp_once:
    call smp_far_function
    cmp eax, esi
    jne smp_wrong
    hlt
smp_patch_once:
    mov dword ptr [rip + smp_far_function + 1], esi
    mov [0x200000], esi
    hlt
    .balign 4096
    nop
    nop
    nop
smp_far_function:
    mov eax, 0
    ret
    .balign 64
smp_beside_function:
    mov eax, 1
    ret
    .balign 4
smp_beside_data:
    .skip 16
    .balign 512
smp_code_end:
    .att_syntax
    .popsection
)");

extern "C" const char smp_code[], smp_code_end[], smp_patch_near[], smp_patch_far[], smp_patch_string[],
    smp_patch_serialized[], smp_breakpoint[], smp_on_breakpoint[], smp_append[], smp_each_other[], smp_once[],
    smp_patch_once[], smp_far_function[], smp_beside[], smp_beside_data[];

namespace hospes::translator {
namespace {

class SmpCode : public testing::Test {
  protected:
    SmpGuest guest_{3, smp_code, smp_code_end};
};

TEST_F(SmpCode, PatchedInTheSamePage) {
    EXPECT_EQ(guest_.run_all(smp_patch_near, 2'000), "");
    EXPECT_GT(guest_.counter("remote_code_drops"), 1'900u);
}

TEST_F(SmpCode, PatchedInAnotherPage) {
    EXPECT_EQ(guest_.run_all(smp_patch_far, 2'000), "");
    EXPECT_GT(guest_.counter("remote_code_drops"), 1'900u);
}

TEST_F(SmpCode, PatchedByStringInstructions) { EXPECT_EQ(guest_.run_all(smp_patch_string, 2'000), ""); }
TEST_F(SmpCode, PatchedAndSerialised) { EXPECT_EQ(guest_.run_all(smp_patch_serialized, 2'000), ""); }

TEST_F(SmpCode, PatchedBehindABreakpoint) {
    guest_.set_gate(3, smp_on_breakpoint);
    EXPECT_EQ(guest_.run_all(smp_breakpoint, 1'000), "");
}

TEST_F(SmpCode, AppendedAndReused) {
    EXPECT_EQ(guest_.run_all(smp_append, 3), "");
    EXPECT_GT(guest_.counter("remote_write_drops"), 0u);
}

TEST_F(SmpCode, TwoRunWhatTheOtherWrote) {
    EXPECT_EQ(guest_.run({0, 1}, smp_each_other, 50), "");
    EXPECT_GT(guest_.counter("remote_write_drops"), 100u);
}

TEST_F(SmpCode, DataBesideCodeOfAll) {
    EXPECT_EQ(guest_.run_all(smp_beside, 2'000), "");
    for (unsigned vcpu = 0; vcpu < 3; ++vcpu) {
        EXPECT_EQ(guest_.get<std::uint32_t>(guest_.address_of(smp_beside_data) + 4 * vcpu), 2'000u);
    }
    EXPECT_GT(guest_.counter("remote_code_drops"), 0u);
}

// A vCPU that does not run answers for itself when it runs again.
TEST_F(SmpCode, PatchedWhileOthersAreHalted) {
    for (std::uint64_t round = 1; round <= 100; ++round) {
        ASSERT_EQ(guest_.run({0}, smp_patch_once, round), "");
        ASSERT_EQ(guest_.run({1, 2}, smp_once, round), "");
    }
    EXPECT_GE(guest_.counter("remote_code_drops"), 99u);
}

TEST_F(SmpCode, DevicesWriteCodeOfAll) {
    for (std::uint32_t round = 0; round < 100; ++round) {
        ASSERT_EQ(guest_.run_all(smp_once, round), "");
        guest_.put(guest_.address_of(smp_far_function) + 1, round + 1);
        guest_.engine().memory_written(guest_.address_of(smp_far_function) + 1, 4);
    }
    EXPECT_GE(guest_.counter("invalidated_blocks"), 297u);
}

}  // namespace
}  // namespace hospes::translator
