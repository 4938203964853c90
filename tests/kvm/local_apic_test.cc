// A guest that moves between KVM, whose local APIC is KVM's, and the translator, whose local APIC is a device of the
// board: with an interrupt in service, one that waits, and a timer that runs. Needs a working /dev/kvm.
#include <gtest/gtest.h>

#include "engine/kvm/engine.h"
#include "engine/translator/engine.h"
#include "machine/boot/entry_state.h"
#include "stage.h"
#include "x86/msr.h"

// In x2APIC mode. Each write to port 0xf4 ends a machine; the next one goes on. What arrived is counted at [rsi].
asm(R"(
    .intel_syntax noprefix
    .pushsection .rodata
    .macro put_msr number, low
    mov ecx, \number
    mov eax, \low
    xor edx, edx
    wrmsr
    .endm
    .macro end_of_interrupt
    put_msr 0x80b, 0
    pop rdx
    pop rcx
    pop rax
    iretq
    .endm
apic_guest:
    mov ecx, 0x1b
    rdmsr
    or eax, 0xc00
    wrmsr
    put_msr 0x80f, 0x1ff        # SVR
    put_msr 0x832, 0x40031      # LVT timer: TSC deadline
    sti
    put_msr 0x83f, 0x51         # SELF IPI
1:  cmp qword ptr [rsi + 8], 1
    jne 1b
    rdtsc
    shl rdx, 32
    or rax, rdx
    add rax, 500000000
    mov rdx, rax
    shr rdx, 32
    mov ecx, 0x6e0
    wrmsr
    mov al, 2
    out 0xf4, al
2:  cli
    cmp qword ptr [rsi + 16], 0
    jne 3f
    sti
    hlt
    jmp 2b
3:  mov al, 3
    out 0xf4, al
    hlt
apic_guest_end:
handler_51:
    push rax
    push rcx
    push rdx
    put_msr 0x83f, 0x41         # of a lower priority
    mov al, 1
    out 0xf4, al
    inc qword ptr [rsi]
    end_of_interrupt
handler_51_end:
handler_41:
    push rax
    push rcx
    push rdx
    mov rax, [rsi]
    add [rsi + 8], rax          # 1, if it came after the other
    end_of_interrupt
handler_41_end:
handler_31:
    push rax
    push rcx
    push rdx
    inc qword ptr [rsi + 16]
    end_of_interrupt
handler_31_end:
    .popsection
    .att_syntax
)");
extern "C" const char apic_guest[], apic_guest_end[], handler_51[], handler_51_end[], handler_41[], handler_41_end[],
    handler_31[], handler_31_end[];

namespace hospes {
namespace {

constexpr Gpa kCode = 0x200000, kStack = 0x240000, kData = 0x250000;

class LocalApicMoves : public StagedTest {
  protected:
    struct Side {
        std::unique_ptr<cpu::Engine> engine;
        std::unique_ptr<cpu::Vcpu> vcpu;
    };

    LocalApicMoves() {
        x86::CpuidPlatform platform{static_cast<std::uint32_t>(tsc_.khz()), 1};
        platform.engine_has = [this](x86::Feature feature) { return host_.has(feature); };
        model_ = std::make_unique<x86::CpuidModel>(x86::CpuidModel::create("host", platform).take());
        kvm_.engine = kvm::create_engine(host_, *ram_, *model_).take();
        kvm_.vcpu = kvm_.engine->create_vcpu(0).take();
        translator_.engine =
            translator::create_engine({}, translator::create_resources({}).take(), *ram_, *model_).take();
        translator_.vcpu = translator_.engine->create_vcpu(0).take();
        put(kCode, apic_guest, apic_guest_end);
        put_handler(0x51, handler_51, handler_51_end);
        put_handler(0x41, handler_41, handler_41_end);
        put_handler(0x31, handler_31, handler_31_end);
        cpu::VcpuState& state = states_[0];
        state = machine::long_mode_entry(*ram_, kCode);
        state.idtr = {kIdt, 0xfff};
        state.gpr[x86::RSP] = kStack;
        state.gpr[x86::RSI] = kData;
    }

    int run_on(Side& side) { return Stage(*ram_, *side.engine, {side.vcpu.get()}, tsc_).run(states_); }
    const x86::LocalApicRegisters& apic() const { return *states_[0].local_apic; }

    void moves(Side& from, Side& to) {
        ASSERT_EQ(run_on(from), 1);
        ASSERT_TRUE(states_[0].local_apic);
        EXPECT_EQ(apic().base & 0xd00, 0xd00u);
        EXPECT_EQ(apic().words[0xf], 0x1ffu);       // SVR
        EXPECT_EQ(apic().words[0x12], 1u << 0x11);  // ISR: 0x51
        EXPECT_EQ(apic().words[0x22], 1u << 1);     // IRR: 0x41
        EXPECT_EQ(apic().words[0xa], 0x50u);        // PPR
        EXPECT_EQ(apic().words[0x32], 0x40031u);    // LVT timer
        ASSERT_EQ(run_on(to), 2);                   // both have arrived and are ended
        EXPECT_EQ(word(kData), 1u);
        EXPECT_EQ(word(kData + 8), 1u);
        EXPECT_EQ(apic().words[0x12] | apic().words[0x22], 0u);
        EXPECT_NE(apic().deadline, 0u) << "it is past already: this is too slow";
        ASSERT_EQ(run_on(from), 3);  // the timer
        EXPECT_EQ(word(kData + 16), 1u);
        EXPECT_EQ(apic().deadline, 0u);
    }

    kvm::Host host_ = kvm::Host::open().take();
    machine::HostTsc tsc_;
    std::unique_ptr<x86::CpuidModel> model_;
    Side kvm_, translator_;
    std::vector<cpu::VcpuState> states_ = std::vector<cpu::VcpuState>(1);
};

TEST_F(LocalApicMoves, FromKvmToTheTranslatorAndBack) { moves(kvm_, translator_); }

TEST_F(LocalApicMoves, FromTheTranslatorToKvmAndBack) { moves(translator_, kvm_); }

TEST_F(LocalApicMoves, RegistersComeBackAsTheyWereSet) {
    x86::LocalApicRegisters registers = kvm_.vcpu->state().local_apic.value();
    registers.words[0x8] = 0x20;        // TPR
    registers.words[0xd] = 0x02000000;  // LDR
    registers.words[0x10 + 2] = 0x3;
    registers.words[0x30] = 0x40051;
    registers.words[0x31] = 0x01000000;
    registers.words[0x32] = 0x40031;
    registers.words[0x38] = 0;
    registers.words[0x3e] = 0xb;
    registers.deadline = ~0ull >> 2;
    registers.pv_eoi = kData | 1;
    states_[0].local_apic = registers;
    ASSERT_TRUE(kvm_.vcpu->set_state(states_[0]).ok());
    const x86::LocalApicRegisters back = kvm_.vcpu->state().local_apic.value();
    for (const unsigned index : {0x2u, 0x8u, 0xdu, 0xfu, 0x12u, 0x30u, 0x31u, 0x32u, 0x3eu}) {
        EXPECT_EQ(back.words[index], registers.words[index]) << index;
    }
    EXPECT_EQ(back.base, registers.base);
    EXPECT_EQ(back.deadline, registers.deadline);
    EXPECT_EQ(back.pv_eoi, registers.pv_eoi);
}

}  // namespace
}  // namespace hospes
