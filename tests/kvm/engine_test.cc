// The KVM engine through the seam: state in and out, a guest that moves between KVM and the translator while it runs,
// ends that KVM cannot help. Needs a working /dev/kvm: tests/kvm runs it in a VM that has one.
#include <gtest/gtest.h>

#include <cpuid.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "cpu/bare_host.h"
#include "engine/kvm/engine.h"
#include "engine/kvm/failure.h"
#include "engine/translator/engine.h"
#include "machine/boot/entry_state.h"

// rcx rounds: rax runs through a sequence, xmm1 sums it up, st(0) counts; rsi is where all that goes in the end.
asm(R"(
    .intel_syntax noprefix
    .pushsection .rodata
moving_guest:
    movabs rdx, 6364136223846793005
    finit
    fldz
    pxor xmm1, xmm1
1:  imul rax, rdx
    add rax, 1
    movq xmm0, rax
    paddq xmm1, xmm0
    fld1
    faddp
    mov [rsi], rcx
    dec rcx
    jnz 1b
    movq [rsi + 8], xmm1
    mov [rsi + 16], rax
    fistp qword ptr [rsi + 24]
    mov al, 1
    out 0xf4, al
    hlt
moving_guest_end:

# Interrupts are on; the handler counts them at [rsi].
interrupted_guest:
    sti
2:  inc rax
    jmp 2b
interrupted_guest_end:
interrupt_handler:
    inc qword ptr [rsi]
    iretq
interrupt_handler_end:

# What a debugger looks at: steps, an access, a call.
debugged_guest:
    inc rax
    mov [rsi], rax
    mov rbx, [rsi + 8]
    call 3f
    mov dword ptr [rsi + 4], 5
    out 0xf4, al
    hlt
3:  nop
    ret
debugged_guest_end:
    .popsection
    .att_syntax
)");
extern "C" const char moving_guest[], moving_guest_end[], interrupted_guest[], interrupted_guest_end[],
    interrupt_handler[], interrupt_handler_end[], debugged_guest[], debugged_guest_end[];

namespace hospes {
namespace {

constexpr Gpa kCode = 0x200000, kHandler = 0x210000, kIdt = 0x220000, kStack = 0x240000, kData = 0x250000;
constexpr std::uint8_t kVector = 0x40;

// A machine of one port and, if asked for, of interrupts without end.
class TestHost final : public cpu::BareHost {
  public:
    void port_write(std::uint16_t port, std::uint32_t, unsigned) override {
        if (port != 0xf4) return;
        done = true;
        request_stop(true);
    }
    bool interrupt_pending() override { return interrupts; }
    std::optional<std::uint8_t> acknowledge_interrupt() override {
        ++acknowledged;
        return kVector;
    }

    bool done = false, interrupts = false;
    std::uint64_t acknowledged = 0;
};

class KvmEngine : public ::testing::Test {
  protected:
    KvmEngine() {
        x86::CpuidPlatform platform{2'000'000, 1};
        platform.engine_has = [this](x86::Feature feature) { return kvm_.has(feature); };
        model_ = std::make_unique<x86::CpuidModel>(x86::CpuidModel::create("host", platform).take());
        engine_ = kvm::create_engine(kvm_, *ram_, *model_).take();
        vcpu_ = engine_->create_vcpu(0).take();
        translator_ = translator::create_engine({}, translator::create_resources({}).take(), *ram_, *model_).take();
        translated_ = translator_->create_vcpu(0).take();
    }

    void put(Gpa gpa, const char* begin, const char* end) {
        ASSERT_TRUE(ram_->write(gpa, begin, static_cast<std::size_t>(end - begin)));
    }
    std::uint64_t word(Gpa gpa) const {
        std::uint64_t value = 0;
        EXPECT_TRUE(ram_->read(gpa, &value, sizeof value));
        return value;
    }
    cpu::VcpuState entry() {
        cpu::VcpuState state = machine::long_mode_entry(*ram_, kCode);
        state.cr4 |= x86::cr4::OSFXSR;
        state.gpr[x86::RSP] = kStack;
        state.gpr[x86::RSI] = kData;
        return state;
    }
    // Runs for a while, or until the guest says that it is done.
    cpu::Exit run_for(cpu::Vcpu& vcpu, TestHost& host, std::chrono::microseconds time) {
        host.request_stop(false);
        std::thread clock([&] {
            std::this_thread::sleep_for(time);
            host.request_stop(true);
            vcpu.notify();
        });
        const cpu::Exit exit = vcpu.run(host);
        clock.join();
        return exit;
    }

    kvm::Host kvm_ = kvm::Host::open().take();
    std::unique_ptr<memory::GuestRam> ram_ = memory::GuestRam::create(16 << 20).take();
    std::unique_ptr<x86::CpuidModel> model_;
    std::unique_ptr<cpu::Engine> engine_, translator_;
    std::unique_ptr<cpu::Vcpu> vcpu_, translated_;
};

TEST_F(KvmEngine, IsNamed) {
    EXPECT_STREQ(engine_->capabilities().name, "kvm");
    EXPECT_GE(engine_->capabilities().max_vcpus, 1u);
}

TEST_F(KvmEngine, StateComesBackAsItWasSet) {
    cpu::VcpuState state = entry();
    for (unsigned i = 0; i < x86::kGprCount; ++i) state.gpr[i] = 0x0101010101010101u * i;
    state.rflags |= x86::rflags::CF | x86::rflags::IF;
    state.segments[x86::FS].base = 0x7fff12345000;
    state.segments[x86::GS].base = 0xffff888000001000;
    state.kernel_gs_base = 0xffff888000002000;
    state.idtr = {kIdt, 0xfff};
    state.cr2 = 0xdeadbeef000;
    state.cr4 |= x86::cr4::PGE | x86::cr4::OSXMMEXCPT;
    state.efer |= x86::efer::SCE | x86::efer::NXE;
    state.dr = {0x1000, 0x2000, 0x3000, 0x4000};
    state.star = 0x0013000800000000, state.lstar = 0xffffffff81000000, state.cstar = 0xffffffff81001000;
    state.fmask = 0x47700;
    state.sysenter_cs = 8, state.sysenter_esp = 0x9000, state.sysenter_eip = 0xa000;
    state.pat = 0x0407050600070106;
    state.tsc_aux = 3;
    state.tsc_offset = 0x123456789abc;
    state.interrupt_shadow = true;
    state.xsave[512] = 3;                                                                   // x87 and SSE
    for (unsigned i = 0; i < 16; ++i) state.xsave[160 + i] = static_cast<std::uint8_t>(i);  // XMM0
    ASSERT_TRUE(vcpu_->set_state(state).ok());
    const cpu::VcpuState back = vcpu_->state();
    EXPECT_EQ(back.gpr, state.gpr);
    EXPECT_EQ(back.rip, state.rip);
    EXPECT_EQ(back.rflags, state.rflags);
    for (unsigned i = 0; i < x86::kSegmentCount; ++i) {
        EXPECT_EQ(back.segments[i].base, state.segments[i].base) << i;
        EXPECT_EQ(back.segments[i].limit, state.segments[i].limit) << i;
        EXPECT_EQ(back.segments[i].selector, state.segments[i].selector) << i;
        EXPECT_EQ(back.segments[i].attributes, state.segments[i].attributes) << i;
    }
    EXPECT_EQ(back.tr.attributes, state.tr.attributes);
    EXPECT_EQ(back.gdtr.base, state.gdtr.base);
    EXPECT_EQ(back.idtr.limit, state.idtr.limit);
    EXPECT_EQ(back.cr0, state.cr0);
    EXPECT_EQ(back.cr2, state.cr2);
    EXPECT_EQ(back.cr3, state.cr3);
    EXPECT_EQ(back.cr4, state.cr4);
    EXPECT_EQ(back.efer, state.efer);
    EXPECT_EQ(back.dr, state.dr);
    for (auto field :
         {&cpu::VcpuState::star, &cpu::VcpuState::lstar, &cpu::VcpuState::cstar, &cpu::VcpuState::fmask,
          &cpu::VcpuState::kernel_gs_base, &cpu::VcpuState::sysenter_cs, &cpu::VcpuState::sysenter_esp,
          &cpu::VcpuState::sysenter_eip, &cpu::VcpuState::pat, &cpu::VcpuState::tsc_aux, &cpu::VcpuState::tsc_offset}) {
        EXPECT_EQ(back.*field, state.*field);
    }
    EXPECT_TRUE(back.interrupt_shadow);
    EXPECT_EQ(std::memcmp(&back.xsave[160], &state.xsave[160], 16), 0);
}

// What has no effect on either engine, or waits: it moves all the same.
TEST_F(KvmEngine, NmisAndKeptRegistersComeBackFromBothEngines) {
    cpu::VcpuState state = entry();
    state.tsc_adjust = 0x12345;
    state.kept.misc_enable = 0x1800;
    state.kept.debugctl = 1;
    state.kept.mtrr_def_type = 0xc06;
    for (unsigned i = 0; i < state.kept.mtrr_variable.size(); ++i) state.kept.mtrr_variable[i] = 0x10000ull * (i + 1);
    state.kept.mtrr_fixed.fill(0x0606060606060606);
    state.nmi_blocked = true;
    for (cpu::Vcpu* vcpu : {vcpu_.get(), translated_.get()}) {
        ASSERT_TRUE(vcpu->set_state(state).ok());
        const cpu::VcpuState back = vcpu->state();
        EXPECT_EQ(back.kept, state.kept);
        EXPECT_EQ(back.tsc_adjust, state.tsc_adjust);
        EXPECT_EQ(back.tsc_offset, state.tsc_offset);
        EXPECT_TRUE(back.nmi_blocked);
    }
    state.nmi_pending = true;  // of engines with local APICs; of others smp_move_test.cc has it
    ASSERT_TRUE(vcpu_->set_state(state).ok());
    EXPECT_TRUE(vcpu_->state().nmi_pending);
}

// The registers as the guest sees them: written on one engine, read on the other.
TEST_F(KvmEngine, AGuestFindsItsRegistersOnTheOtherEngine) {
    const char write[] = "\x0f\x30\xe6\xf4\xf4", read[] = "\x0f\x32\xe6\xf4\xf4";  // wrmsr or rdmsr, out, hlt
    cpu::Vcpu* const engines[] = {vcpu_.get(), translated_.get()};
    for (const auto& [number, value] : {std::pair{0x1d9u, 2u},
                                        {0x2ffu, 0x806u},
                                        {0x200u, 0x6000u},
                                        {0x1a0u, 0x1800u},
                                        {0x250u, 0x6060606u},
                                        {0x3bu, 0x777u}}) {
        for (unsigned from = 0; from < 2; ++from) {
            cpu::VcpuState state = entry();
            state.gpr[x86::RCX] = number;
            state.gpr[x86::RAX] = value;
            TestHost host;
            for (const bool reads : {false, true}) {
                put(kCode, reads ? read : write, (reads ? read : write) + 5);
                engine_->memory_written(kCode, 5);
                translator_->memory_written(kCode, 5);
                state.rip = kCode;
                state.halted = false;
                cpu::Vcpu& vcpu = *engines[from ^ (reads ? 1 : 0)];
                ASSERT_TRUE(vcpu.set_state(state).ok());
                host.done = false;
                host.request_stop(false);
                vcpu.run(host);
                ASSERT_TRUE(host.done) << number;
                state = vcpu.state();
                if (!reads) state.gpr[x86::RAX] = 0;
            }
            EXPECT_EQ(state.gpr[x86::RAX], value) << number << " from " << from;
        }
    }
}

TEST_F(KvmEngine, ARunningGuestMovesBetweenTheEngines) {
    put(kCode, moving_guest, moving_guest_end);
    constexpr std::uint64_t kRounds = 3'000'000;
    cpu::VcpuState state = entry();
    state.gpr[x86::RAX] = 1;
    state.gpr[x86::RCX] = kRounds;
    TestHost host;
    cpu::Vcpu* const both[] = {vcpu_.get(), translated_.get()};
    unsigned slices[2] = {}, turn = 0;
    for (; !host.done && turn < 100'000; ++turn) {
        const std::uint64_t before = word(kData);
        cpu::Vcpu& vcpu = *both[turn % 2];
        ASSERT_TRUE(vcpu.set_state(state).ok());
        const cpu::Exit exit = run_for(vcpu, host, std::chrono::microseconds(2000));
        // Once it is done, it may have come to its HLT as well.
        ASSERT_TRUE(host.done || exit.reason == cpu::ExitReason::Kicked) << exit.report;
        state = vcpu.state();
        if (word(kData) != before) ++slices[turn % 2];
    }
    ASSERT_TRUE(host.done);
    EXPECT_GE(slices[0], 2u);
    EXPECT_GE(slices[1], 2u);
    std::uint64_t value = 1, sum = 0;
    for (std::uint64_t i = 0; i < kRounds; ++i) {
        value = value * 6364136223846793005u + 1;
        sum += value;
    }
    EXPECT_EQ(word(kData + 8), sum);
    EXPECT_EQ(word(kData + 16), value);
    EXPECT_EQ(word(kData + 24), kRounds);
}

TEST_F(KvmEngine, NoInterruptIsLostOnTheWay) {
    put(kCode, interrupted_guest, interrupted_guest_end);
    put(kHandler, interrupt_handler, interrupt_handler_end);
    const std::uint64_t gate[2] = {(kHandler & 0xffff) | 0x10ull << 16 | 0x8eull << 40 | (kHandler >> 16) << 48, 0};
    ASSERT_TRUE(ram_->write(kIdt + kVector * 16, gate, sizeof gate));
    cpu::VcpuState state = entry();
    state.idtr = {kIdt, 0xfff};
    TestHost host;
    host.interrupts = true;
    for (unsigned turn = 0; turn < 60; ++turn) {
        cpu::Vcpu& vcpu = turn % 3 == 2 ? *translated_ : *vcpu_;
        ASSERT_TRUE(vcpu.set_state(state).ok());
        const cpu::Exit exit = run_for(vcpu, host, std::chrono::microseconds(300 + 37 * turn));
        ASSERT_EQ(exit.reason, cpu::ExitReason::Kicked) << exit.report;
        state = vcpu.state();
        const bool in_handler = state.rip >= kHandler;
        const std::uint64_t seen = word(kData) + (in_handler && state.rip == kHandler ? 1 : 0);
        ASSERT_EQ(seen, host.acknowledged) << "turn " << turn << ", rip " << state.rip;
    }
    EXPECT_GT(host.acknowledged, 60u);
}

TEST_F(KvmEngine, AHaltedGuestStaysHalted) {
    const char halt = '\xf4';
    put(kCode, &halt, &halt + 1);
    TestHost host;
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(run_for(*vcpu_, host, std::chrono::milliseconds(20)).reason, cpu::ExitReason::Kicked);
        EXPECT_TRUE(vcpu_->state().halted);
        EXPECT_EQ(vcpu_->state().rip, kCode + 1);
        ASSERT_TRUE(vcpu_->set_state(vcpu_->state()).ok());
    }
}

TEST_F(KvmEngine, ATripleFaultIsAShutdown) {
    const char undefined[] = "\x0f\x0b";
    put(kCode, undefined, undefined + 2);
    TestHost host;
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    EXPECT_EQ(vcpu_->run(host).reason, cpu::ExitReason::Shutdown);
}

TEST_F(KvmEngine, CodeOutsideMemoryIsReported) {
    cpu::VcpuState state = entry();
    state.rip = 0xd0000000;
    state.gpr[x86::RBX] = 0x1234567;
    TestHost host;
    ASSERT_TRUE(vcpu_->set_state(state).ok());
    const cpu::Exit exit = vcpu_->run(host);
    EXPECT_EQ(exit.reason, cpu::ExitReason::Failed);
    for (const char* words : {"KVM_EXIT_INTERNAL_ERROR", "at rip 0xd0000000", "rbx 0x1234567", "no memory at rip"}) {
        EXPECT_NE(exit.report.find(words), std::string::npos) << words << " in " << exit.report;
    }
}

// 64-bit and 32-bit code at once: no processor enters that (APM volume 2, 15.5.1; SDM volume 3, 27.3.1.2).
TEST_F(KvmEngine, AStateThatTheProcessorRefusesIsReported) {
    cpu::VcpuState state = entry();
    state.segments[x86::CS].attributes |= 0x4000;  // D, beside L
    TestHost host;
    ASSERT_TRUE(vcpu_->set_state(state).ok());
    const cpu::Exit exit = vcpu_->run(host);
    EXPECT_EQ(exit.reason, cpu::ExitReason::Failed);
    for (const char* words : {"KVM_EXIT_FAIL_ENTRY, hardware reason 0x", "at rip 0x200", "bytes at rip: 00"}) {
        EXPECT_NE(exit.report.find(words), std::string::npos) << words << " in " << exit.report;
    }
}

TEST_F(KvmEngine, AVcpuThatIsThereCannotBeCreatedAgain) {
    const auto again = engine_->create_vcpu(0);
    ASSERT_FALSE(again.ok());
    EXPECT_NE(again.error().message().find("cannot create vCPU 0 with KVM: File exists"), std::string::npos);
}

// Addresses in debugged_guest.
constexpr Gva kStore = kCode + 3, kCall = kCode + 10, kAfterCall = kCode + 15, kFunction = kCode + 25;

TEST_F(KvmEngine, ADebuggerSteps) {
    put(kCode, debugged_guest, debugged_guest_end);
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    TestHost host;
    host.interrupts = true;  // none is taken
    for (const Gva rip : {kStore, kCode + 6, kCall, kFunction, kFunction + 1, kAfterCall}) {
        ASSERT_TRUE(vcpu_->debug({{kStore, kFunction}, {}, true}).ok());
        const cpu::Exit exit = vcpu_->run(host);
        ASSERT_EQ(exit.reason, cpu::ExitReason::Debug) << exit.report;
        EXPECT_EQ(exit.debug.event, cpu::DebugEvent::Step);
        EXPECT_EQ(vcpu_->state().rip, rip);
        EXPECT_EQ(vcpu_->state().rflags & x86::rflags::TF, 0u);
    }
}

// QEMU's TCG, which emulates the hosts of this test's VMs: its VMRUN does not arm the breakpoints that DR7 asks for.
bool host_is_tcg() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid(0x40000000, eax, ebx, ecx, edx);
    return ebx == 0x54474354;  // "TCGT"
}

TEST_F(KvmEngine, ADebuggerStopsAtCodeAndAfterAccesses) {
    if (host_is_tcg()) GTEST_SKIP() << "QEMU's TCG has no breakpoints in guests of SVM";
    put(kCode, debugged_guest, debugged_guest_end);
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    TestHost host;
    const cpu::DataBreakpoint written{kData + 4, 4, false, true}, touched{kData + 8, 8, true, true};
    ASSERT_TRUE(vcpu_->debug({{kFunction}, {written, touched}, false}).ok());
    const auto stop = [&] {
        const cpu::Exit exit = vcpu_->run(host);
        EXPECT_EQ(exit.reason, cpu::ExitReason::Debug) << exit.report;
        return exit.debug;
    };
    EXPECT_EQ(stop().data, written);  // by the 8 bytes that begin before it
    EXPECT_EQ(vcpu_->state().rip, kCode + 6);
    EXPECT_EQ(stop().data, touched);
    EXPECT_EQ(vcpu_->state().rip, kCall);
    EXPECT_EQ(stop().event, cpu::DebugEvent::Code);
    EXPECT_EQ(vcpu_->state().rip, kFunction);
    ASSERT_TRUE(vcpu_->debug({{}, {written}, false}).ok());
    EXPECT_EQ(stop().data, written);
    EXPECT_EQ(vcpu_->state().dr7, 0x400u);
    ASSERT_TRUE(vcpu_->debug({}).ok());
    vcpu_->run(host);
    EXPECT_TRUE(host.done);
}

TEST_F(KvmEngine, ADebuggerIsToldOfWhatDoesNotFit) {
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    EXPECT_TRUE(vcpu_->debug({{1, 2, 3, 4}, {}, false}).ok());
    EXPECT_FALSE(vcpu_->debug({{1, 2, 3, 4, 5}, {}, false}).ok());
    EXPECT_FALSE(vcpu_->debug({{}, {{kData, 8, true, false}}, false}).ok());
    EXPECT_TRUE(vcpu_->debug({}).ok());
}

TEST_F(KvmEngine, AStepOfAHaltedGuestIsOverAtOnce) {
    const char halt[] = "\xf4\xf4";
    put(kCode, halt, halt + 2);
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    TestHost host;
    for (unsigned i = 0; i < 2; ++i) {
        ASSERT_TRUE(vcpu_->debug({{}, {}, true}).ok());
        EXPECT_EQ(vcpu_->run(host).reason, cpu::ExitReason::Debug);
        EXPECT_EQ(vcpu_->state().rip, kCode + 1);
    }
}

TEST_F(KvmEngine, FindsWherePageTablesLead) {
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    EXPECT_EQ(vcpu_->physical(kData + 5), kData + 5);
    EXPECT_EQ(vcpu_->physical(0xffff'8000'0000'0000), std::nullopt);
}

TEST_F(KvmEngine, CountsItsExits) {
    const char out[] = "\xe6\xf4\xeb\xfe";  // out 0xf4, al; jmp to itself
    put(kCode, out, out + 4);
    TestHost host;
    ASSERT_TRUE(vcpu_->set_state(entry()).ok());
    EXPECT_EQ(vcpu_->run(host).reason, cpu::ExitReason::Kicked);
    EXPECT_NE(engine_->counters().find("kvm_exits_port 1\n"), std::string::npos) << engine_->counters();
}

}  // namespace
}  // namespace hospes
