// Two vCPUs that move between KVM and the translator with all that is between them: one that waits for its start-up,
// IPIs and NMIs on their way, a halted one, a timer. Needs a working /dev/kvm.
#include <gtest/gtest.h>

#include "engine/kvm/engine.h"
#include "engine/translator/engine.h"
#include "machine/board/start_up.h"
#include "machine/boot/entry_state.h"
#include "stage.h"

// Both in x2APIC mode; the data at [rbx]. Each write to port 0xf4 ends a machine, and the next one goes on.
asm(R"(
    .intel_syntax noprefix
    .pushsection .rodata
    .set hello, 0
    .set sent_on, 8             # IPIs that arrived at vCPU 1
    .set came_back, 16          # and at vCPU 0
    .set ticks, 24              # of vCPU 1's timer
    .set phase, 32              # what vCPU 0 wants of vCPU 1
    .set asleep, 40             # who is about to halt
    .set nmis, 48               # at vCPU 1
    .macro move_msr number, low, high=0
    mov ecx, \number
    mov eax, \low
    mov edx, \high
    wrmsr
    .endm
    .macro stop number
    mov al, \number
    out 0xf4, al
    .endm
    .macro wait_for place, value
9:  pause
    cmp qword ptr [rbx + \place], \value
    jne 9b
    .endm
    # Sleeps until the place is no longer `value`.
    .macro sleep_while place, value
8:  cli
    cmp qword ptr [rbx + \place], \value
    jne 7f
    sti
    hlt
    jmp 8b
7:  sti
    .endm
    .macro use_apic
    mov ecx, 0x1b
    rdmsr
    or eax, 0xc00
    wrmsr
    move_msr 0x80f, 0x1ff
    .endm
    .macro start_timer cycles
    rdtsc
    shl rdx, 32
    or rax, rdx
    add rax, \cycles
    mov rdx, rax
    shr rdx, 32
    mov ecx, 0x6e0
    wrmsr
    .endm
    # The other one starts in real mode at 0x8000; what it needs is at 0x8f00.
    .macro prepare
    use_apic
    mov rax, cr3
    mov [0x8f00], rax
    sgdt [0x8f10]
    sidt [0x8f20]
    .endm
smp_staged:
    prepare
    stop 1                      # nobody has started it
    move_msr 0x830, 0x4500, 1   # INIT
    stop 2
    move_msr 0x830, 0x4608, 1   # SIPI
    stop 3
    wait_for hello, 1
    move_msr 0x830, 0x41, 1     # it takes no interrupts
    stop 4
    mov qword ptr [rbx + phase], 1
    mov qword ptr [rbx + asleep], 1
    sleep_while came_back, 0
    cli
    mov qword ptr [rbx + phase], 2
    wait_for asleep, 2
    mov ecx, 200000
1:  pause
    dec ecx
    jnz 1b
    stop 6
    wait_for ticks, 1
    move_msr 0x830, 0x4400, 1   # NMI
    wait_for nmis, 1
    move_msr 0x830, 0x4400, 1   # and another one, while it is at the first
    stop 7
    mov qword ptr [rbx + phase], 3
    wait_for nmis, 2
    stop 8
    hlt
    # Counts as often as R14 says: there by vector 0x41, back by 0x42.
smp_ping_pong:
    prepare
    mov qword ptr [rbx + phase], 4
    move_msr 0x830, 0x4500, 1
    move_msr 0x830, 0x4608, 1
    wait_for hello, 1           # before, its local APIC takes nothing
    xor r13, r13
2:  move_msr 0x830, 0x41, 1
    sleep_while came_back, r13
    inc r13
    cmp r13, r14
    jne 2b
    stop 9
    hlt
smp_other:
    .code16
    cli
    xor ax, ax
    mov ds, ax
    lgdtd [0x8f10]
    mov eax, 0x620              # PAE, OSFXSR, OSXMMEXCPT
    mov cr4, eax
    mov eax, [0x8f00]
    mov cr3, eax
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x100
    wrmsr
    mov eax, 0x80000011
    mov cr0, eax
    .byte 0x66, 0xea            # far jump to 0x10:0x8100
    .long 0x8100
    .word 0x10
    .code64
    .org smp_other + 0x100
    mov eax, 0x18
    mov ds, eax
    mov es, eax
    mov ss, eax
    lidt [0x8f20]
    mov esp, 0x248000
    mov ebx, 0x250000
    use_apic
    move_msr 0x832, 0x40031     # LVT timer: TSC deadline
    mov qword ptr [rbx + hello], 1
    cmp qword ptr [rbx + phase], 4
    je 5f
    wait_for phase, 1
    sti
    wait_for sent_on, 1
    wait_for asleep, 1
    mov ecx, 200000
1:  pause
    dec ecx
    jnz 1b
    stop 5
    move_msr 0x830, 0x42, 0
    wait_for phase, 2
    start_timer 2000000000
    mov qword ptr [rbx + asleep], 2
    sleep_while ticks, 0
3:  hlt
    jmp 3b
5:  start_timer 10000000
    xor r13, r13
6:  sleep_while sent_on, r13
    inc r13
    move_msr 0x830, 0x42, 0
    jmp 6b
smp_other_end:
    .macro handler name, place, more:vararg
\name:
    push rax
    push rcx
    push rdx
    inc qword ptr [rbx + \place]
    \more
    move_msr 0x80b, 0
    pop rdx
    pop rcx
    pop rax
    iretq
\name\()_end:
    .endm
    handler smp_handler_41, sent_on
    handler smp_handler_42, came_back
smp_handler_31:
    push rax
    push rcx
    push rdx
    inc qword ptr [rbx + ticks]
    cmp qword ptr [rbx + phase], 4
    jne 1f
    start_timer 10000000
1:  move_msr 0x80b, 0
    pop rdx
    pop rcx
    pop rax
    iretq
smp_handler_31_end:
smp_handler_2:
    inc qword ptr [rbx + nmis]
1:  pause
    cmp qword ptr [rbx + phase], 3
    jne 1b
    iretq
smp_handler_2_end:
    .popsection
    .att_syntax
)");
extern "C" const char smp_staged[], smp_ping_pong[], smp_other[], smp_other_end[], smp_handler_41[],
    smp_handler_41_end[], smp_handler_42[], smp_handler_42_end[], smp_handler_31[], smp_handler_31_end[],
    smp_handler_2[], smp_handler_2_end[];

namespace hospes {
namespace {

constexpr Gpa kOther = 0x8000, kCode = 0x200000, kStack = 0x240000, kData = 0x250000;
constexpr unsigned kTicks = 24;

class TwoVcpus : public StagedTest {
  protected:
    struct Side {
        std::unique_ptr<cpu::Engine> engine;
        std::vector<std::unique_ptr<cpu::Vcpu>> vcpus = {};

        std::vector<cpu::Vcpu*> pointers() const { return {vcpus[0].get(), vcpus[1].get()}; }
    };

    TwoVcpus() {
        x86::CpuidPlatform platform{static_cast<std::uint32_t>(tsc_.khz()), 2};
        platform.engine_has = [this](x86::Feature feature) { return host_.has(feature); };
        model_ = std::make_unique<x86::CpuidModel>(x86::CpuidModel::create("host", platform).take());
        kvm_.engine = kvm::create_engine(host_, *ram_, *model_).take();
        translator_.engine =
            translator::create_engine({}, translator::create_resources({}, 2).take(), *ram_, *model_).take();
        for (Side* side : {&kvm_, &translator_}) {
            for (unsigned i = 0; i < 2; ++i) side->vcpus.push_back(side->engine->create_vcpu(i).take());
        }
        put(kCode, smp_staged, smp_other);
        put(kOther, smp_other, smp_other_end);
        put_handler(0x41, smp_handler_41, smp_handler_41_end);
        put_handler(0x42, smp_handler_42, smp_handler_42_end);
        put_handler(0x31, smp_handler_31, smp_handler_31_end);
        put_handler(2, smp_handler_2, smp_handler_2_end);
    }

    void start(const char* entry) {
        cpu::VcpuState first = machine::long_mode_entry(*ram_, kCode + static_cast<Gpa>(entry - smp_staged));
        first.idtr = {kIdt, 0xfff};
        first.gpr[x86::RSP] = kStack;
        first.gpr[x86::RBX] = kData;
        states_ = {first, machine::waiting_for_start_up(0)};
    }
    int run_on(Side& side, std::chrono::microseconds most = {}) {
        return Stage(*ram_, *side.engine, side.pointers(), tsc_).run(states_, most);
    }
    bool other_has_pending(unsigned vector) const {
        return (states_[1].local_apic.value().words[0x20 + vector / 32] >> vector % 32 & 1) != 0;
    }

    void moves(Side& from, Side& to) {
        start(smp_staged);
        ASSERT_EQ(run_on(from), 1);
        EXPECT_TRUE(states_[1].waits_for_start_up);
        ASSERT_EQ(run_on(to), 2);
        EXPECT_TRUE(states_[1].waits_for_start_up);
        ASSERT_EQ(run_on(from), 3);
        EXPECT_FALSE(states_[1].waits_for_start_up);
        ASSERT_EQ(run_on(to), 4);
        EXPECT_TRUE(other_has_pending(0x41));
        ASSERT_EQ(run_on(from), 5);
        EXPECT_TRUE(states_[0].halted);
        ASSERT_EQ(run_on(to), 6);
        EXPECT_TRUE(states_[1].halted);
        EXPECT_NE(states_[1].local_apic->deadline, 0u) << "it is past already: this is too slow";
        ASSERT_EQ(run_on(from), 7);
        EXPECT_EQ(word(kData + kTicks), 1u);
        EXPECT_TRUE(states_[1].nmi_blocked);
        EXPECT_TRUE(states_[1].nmi_pending);
        ASSERT_EQ(run_on(to), 8);
        EXPECT_FALSE(states_[1].nmi_pending);
    }

    kvm::Host host_ = kvm::Host::open().take();
    machine::HostTsc tsc_;
    std::unique_ptr<x86::CpuidModel> model_;
    Side kvm_, translator_;
    std::vector<cpu::VcpuState> states_;
};

TEST_F(TwoVcpus, MoveFromKvmToTheTranslatorAndBack) { moves(kvm_, translator_); }

TEST_F(TwoVcpus, MoveFromTheTranslatorToKvmAndBack) { moves(translator_, kvm_); }

// They send each other interrupts and sleep meanwhile: one that gets lost would be the end of it.
TEST_F(TwoVcpus, LoseNothingWheneverTheyMove) {
    constexpr std::uint64_t kRounds = 1000;
    start(smp_ping_pong);
    states_[0].gpr[x86::R14] = kRounds;
    Side* const sides[] = {&kvm_, &translator_};
    std::uint64_t rounds[2] = {};
    int stopped = -1;
    for (unsigned turn = 0; turn < 2000 && stopped != 9; ++turn) {
        const std::uint64_t before = states_[0].gpr[x86::R13];
        stopped = run_on(*sides[turn % 2], std::chrono::microseconds(8000 + 437 * (turn % 31)));
        rounds[turn % 2] += states_[0].gpr[x86::R13] - before;
    }
    ASSERT_EQ(stopped, 9) << "after " << rounds[0] << " rounds on KVM and " << rounds[1] << " on the translator";
    EXPECT_GT(rounds[0], 20u);
    EXPECT_GT(rounds[1], 20u);
    EXPECT_GT(word(kData + kTicks), 10u);
}

}  // namespace
}  // namespace hospes
