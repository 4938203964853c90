#include "machine/board/board.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "machine/board/start_up.h"
#include "x86/msr.h"

namespace hospes::machine {
namespace {

class FakeVcpu final : public cpu::Vcpu {
  public:
    cpu::Exit run(cpu::VcpuHost&) override { return {cpu::ExitReason::Kicked, {}}; }
    void notify() override { ++notified; }
    cpu::VcpuState state() const override { return {}; }
    Result<void> set_state(const cpu::VcpuState&) override { return {}; }

    std::atomic<int> notified{0};
};

class FakeEngine final : public cpu::Engine {
  public:
    cpu::Capabilities capabilities() const override { return {"fake", false, 1}; }
    Result<std::unique_ptr<cpu::Vcpu>> create_vcpu(unsigned) override { return Error("unused"); }
    void memory_written(Gpa gpa, std::uint64_t) override { written = gpa; }
    std::string counters() const override { return {}; }

    Gpa written = 0;
};

class BoardTest : public ::testing::Test {
  protected:
    static constexpr Gpa kApic = 0xfee00000;
    static constexpr Gpa kTpr = kApic + 0x80, kSvr = kApic + 0xf0, kLvtTimer = kApic + 0x320, kInitial = kApic + 0x380;

    explicit BoardTest(bool debug_exit = true) {
        const HostSide host{*loop_, lock_, tsc_, -1, STDOUT_FILENO, {}};
        board_ = Board::create(host, {*ram_, engine_, {&vcpu_, &second_}, 0x12345}, debug_exit).take();
    }
    cpu::VcpuHost& host() { return board_->processor(0).host(); }
    void start_second() {
        board_->processor(1).signals().start_up(0);
        EXPECT_TRUE(board_->processor(1).signals().wait_for_start_up(lock_));
    }
    // A configuration word of 00:slot.0.
    std::uint32_t config(unsigned slot, unsigned offset) {
        host().port_write(0xcf8, 1u << 31 | slot << 11 | offset, 4);
        return host().port_read(0xcfc, 4);
    }

    bus::MachineLock lock_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create(lock_).take();
    HostTsc tsc_;
    std::unique_ptr<memory::GuestRam> ram_ = memory::GuestRam::create(64 << 20).take();
    FakeEngine engine_;
    FakeVcpu vcpu_, second_;
    std::unique_ptr<Board> board_;
};

class BoardWithoutDebugExit : public BoardTest {
  protected:
    BoardWithoutDebugExit() : BoardTest(false) {}
};

TEST_F(BoardTest, ApicPageTakesWholeRegistersOnly) {
    host().mmio_write(kTpr, 0x30, 4);
    EXPECT_EQ(host().task_priority(), 3);
    host().mmio_write(kTpr, 0x40, 1);
    host().mmio_write(kTpr, 0x40, 2);
    EXPECT_EQ(host().mmio_read(kTpr, 4), 0x30u);
    host().set_task_priority(5);
    EXPECT_EQ(host().mmio_read(kTpr, 4), 0x50u);
}

TEST_F(BoardTest, ApicPageFollowsItsMsr) {
    ASSERT_TRUE(host().msr_write(x86::msr::IA32_APIC_BASE, 0xfed00000 | 0x900));
    EXPECT_EQ(host().mmio_read(kApic + 0x30, 4), 0xffffffffu);
    EXPECT_EQ(host().mmio_read(0xfed00030, 4), 0x00050014u);
    ASSERT_TRUE(host().msr_write(x86::msr::IA32_APIC_BASE, 0xfed00000 | 0x100));
    EXPECT_EQ(host().mmio_read(0xfed00030, 4), 0xffffffffu);
}

TEST_F(BoardTest, UnknownPlatformMsrsAreRefused) {
    EXPECT_EQ(host().msr_read(0x12345), std::nullopt);
    EXPECT_FALSE(host().msr_write(0x12345, 0));
    EXPECT_TRUE(host().msr_write(x86::msr::MSR_KVM_SYSTEM_TIME_NEW, 0x5001));
    EXPECT_EQ(engine_.written, 0x5000u);
}

TEST_F(BoardTest, EveryWayToEnd) {
    host().port_write(0x604, 5u << 10 | 1u << 13, 2);
    EXPECT_EQ(board_->ending().kind(), EndKind::PowerOff);
    EXPECT_TRUE(host().stop_requested());
    EXPECT_GT(vcpu_.notified, 0);
    host().port_write(0x64, 0xfe, 1);  // too late
    EXPECT_EQ(board_->ending().kind(), EndKind::PowerOff);
}

TEST_F(BoardTest, ResetRegisterIsAByteBesideTheConfigurationAddress) {
    host().port_write(0xcf8, 0x80000000, 4);
    host().port_write(0xcf9, 0x02, 1);
    EXPECT_EQ(host().port_read(0xcf8, 4), 0x80000000u);
    EXPECT_EQ(host().port_read(0xcf9, 1), 0x02u);
    EXPECT_FALSE(host().stop_requested());
    host().port_write(0xcf9, 0x06, 1);
    EXPECT_EQ(board_->ending().kind(), EndKind::Reset);
}

TEST_F(BoardTest, DebugExit) {
    host().port_write(0xf4, 16, 1);
    EXPECT_EQ(board_->ending().kind(), EndKind::DebugExit);
    EXPECT_EQ(board_->ending().detail(), 16);
}

TEST_F(BoardWithoutDebugExit, PortIsEmpty) {
    host().port_write(0xf4, 16, 1);
    EXPECT_FALSE(host().stop_requested());
}

TEST_F(BoardTest, VirtioDevicesFollowTheHostBridge) {
    EXPECT_EQ(config(0, 0), 0x00081b36u);
    EXPECT_EQ(config(1, 0), 0x10431af4u);  // console
    EXPECT_EQ(config(2, 0), 0x10441af4u);  // rng
    EXPECT_EQ(config(3, 0), 0xffffffffu);
}

TEST_F(BoardTest, ApicTimerEndsAWait) {
    host().mmio_write(kSvr, 0x1ff, 4);
    host().mmio_write(kLvtTimer, 0x40, 4);
    host().mmio_write(kApic + 0x3e0, 0xb, 4);  // divide by 1
    const Nanoseconds start = loop_->now();
    host().mmio_write(kInitial, 5'000'000, 4);
    EXPECT_FALSE(host().interrupt_pending());
    board_->processor(0).signals().wait(*loop_, lock_, true, true);
    EXPECT_GE(loop_->now() - start, 5'000'000u);
    EXPECT_TRUE(host().interrupt_pending());
    EXPECT_EQ(host().acknowledge_interrupt(), 0x40);
    EXPECT_FALSE(host().interrupt_pending());
}

// However late the host wakes threads, no wait ends before its time, and none is forgotten.
TEST_F(BoardTest, ManyWaitsForTheApicTimer) {
    host().mmio_write(kSvr, 0x1ff, 4);
    host().mmio_write(kLvtTimer, 0x40, 4);
    host().mmio_write(kApic + 0x3e0, 0xb, 4);
    for (unsigned i = 0; i < 100; ++i) {
        const Nanoseconds length = 20'000u << i % 6, start = loop_->now();
        host().mmio_write(kInitial, static_cast<std::uint32_t>(length), 4);
        board_->processor(0).signals().wait(*loop_, lock_, true, true);
        ASSERT_GE(loop_->now() - start, length);
        ASSERT_EQ(host().acknowledge_interrupt(), 0x40);
        host().mmio_write(kApic + 0xb0, 0, 4);  // EOI
    }
}

TEST_F(BoardTest, InterruptOfAnotherProcessorEndsAWait) {
    cpu::VcpuHost& second = board_->processor(1).host();
    second.mmio_write(kSvr, 0x1ff, 4);
    std::thread other([this] {
        ::usleep(20'000);
        host().mmio_write(kApic + 0x310, 0x01000000, 4);
        host().mmio_write(kApic + 0x300, 0x4051, 4);
    });
    start_second();
    board_->processor(1).signals().wait(*loop_, lock_, true, true);
    EXPECT_EQ(second.acknowledge_interrupt(), 0x51);
    EXPECT_GT(second_.notified, 0);
    EXPECT_FALSE(host().interrupt_pending());
    other.join();
}

TEST_F(BoardTest, ApplicationProcessorWaitsForInitAndStartUp) {
    VcpuSignals& signals = board_->processor(1).signals();
    EXPECT_TRUE(signals.waits_for_start_up());
    EXPECT_TRUE(board_->processor(1).host().stop_requested());
    host().mmio_write(kApic + 0x310, 0x01000000, 4);
    std::thread other([this] {
        ::usleep(20'000);
        host().mmio_write(kApic + 0x300, 0x4500, 4);
        host().mmio_write(kApic + 0x300, 0x4699, 4);
        host().mmio_write(kApic + 0x300, 0x469a, 4);  // the second one is dropped
    });
    EXPECT_EQ(signals.wait_for_start_up(lock_), 0x99);
    other.join();
    EXPECT_FALSE(signals.stop_requested());
    host().mmio_write(kApic + 0x300, 0x469b, 4);  // it runs
    EXPECT_FALSE(signals.stop_requested());
    host().mmio_write(kApic + 0x300, 0x4500, 4);
    EXPECT_TRUE(signals.stop_requested());
    board_->processor(1).signals().wait(*loop_, lock_, false, true);  // INIT ends a halt
    host().mmio_write(kApic + 0x300, 0x4677, 4);
    EXPECT_EQ(signals.wait_for_start_up(lock_), 0x77);
    EXPECT_EQ(board_->ending().kind(), EndKind::None);
    host().mmio_write(kApic + 0x300, 0x44500, 4);  // INIT to the bootstrap processor itself
    EXPECT_EQ(board_->ending().kind(), EndKind::Reset);
    EXPECT_EQ(signals.wait_for_start_up(lock_), std::nullopt);
}

TEST(StartUp, StateAfterInitAndSipi) {
    cpu::VcpuState before = cpu::initial_state();
    before.gpr.fill(~0ull);
    before.rflags = 0x246;
    before.cr0 = x86::cr0::PE | x86::cr0::PG | x86::cr0::ET | x86::cr0::CD;
    before.cr4 = x86::cr4::PAE;
    before.efer = x86::efer::LMA | x86::efer::LME;
    before.star = 5;
    before.halted = true;
    const cpu::VcpuState waiting = after_init(before, 0x12345);
    EXPECT_TRUE(waiting.waits_for_start_up);
    const cpu::VcpuState state = after_start_up(waiting, 0x9a);
    EXPECT_FALSE(state.waits_for_start_up || state.halted);
    EXPECT_EQ(state.segments[x86::CS].selector, 0x9a00);
    EXPECT_EQ(state.segments[x86::CS].base, 0x9a000u);
    EXPECT_EQ(state.segments[x86::SS].limit, 0xffffu);
    EXPECT_EQ(state.rip, 0u);
    EXPECT_EQ(state.rflags, 2u);
    EXPECT_EQ(state.cr0, x86::cr0::ET | x86::cr0::CD);
    EXPECT_EQ(state.cr4 | state.efer | state.gpr[x86::RAX], 0u);
    EXPECT_EQ(state.gpr[x86::RDX], 0x12345u);
    EXPECT_EQ(state.star, 5u);
}

TEST_F(BoardTest, OnlyTheEndWakesWhatNoInterruptCan) {
    host().mmio_write(kSvr, 0x1ff, 4);
    host().mmio_write(kApic + 0x300, 0x40040, 4);  // a self-IPI
    EXPECT_TRUE(host().interrupt_pending());
    std::thread other([this] {
        ::usleep(20'000);
        const std::lock_guard guard(lock_);
        board_->ending().request(EndKind::Signal, 15);
    });
    const Nanoseconds start = loop_->now();
    board_->processor(0).signals().wait(*loop_, lock_, false, true);
    EXPECT_GE(loop_->now() - start, 15'000'000u);
    other.join();
}

}  // namespace
}  // namespace hospes::machine
