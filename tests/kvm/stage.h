// Test support: all that a machine has around its vCPUs, anew for each stage of a test in which they move.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "machine/board/board.h"

namespace hospes {

class Stage {
  public:
    // The bootstrap processor first.
    Stage(memory::GuestRam& ram, cpu::Engine& engine, const std::vector<cpu::Vcpu*>& vcpus,
          const machine::HostTsc& tsc) {
        const machine::HostSide host{*loop_, lock_, tsc, -1, STDOUT_FILENO, {}};
        board_ = machine::Board::create(host, {ram, engine, vcpus, 0}, true).take();
    }

    // Until a vCPU writes to port 0xf4: what it wrote; or for `most`, if that is not 0: -1.
    int run(std::vector<cpu::VcpuState>& states, std::chrono::microseconds most = {}) {
        put(states);
        std::vector<std::thread> threads;
        threads.emplace_back([this] { loop_->run(); });
        for (std::size_t i = 0; i < states.size(); ++i) threads.emplace_back([this, i] { run_processor(i); });
        if (most.count() != 0) {
            std::this_thread::sleep_for(most);
            const std::lock_guard guard(lock_);
            board_->ending().request(machine::EndKind::Signal, 0);
        }
        for (std::size_t i = 1; i < threads.size(); ++i) threads[i].join();
        loop_->stop();
        threads[0].join();
        const std::lock_guard guard(lock_);
        for (std::size_t i = 0; i < states.size(); ++i) states[i] = board_->processor(i).state();
        return board_->ending().kind() == machine::EndKind::DebugExit ? board_->ending().detail() : -1;
    }

  private:
    void put(const std::vector<cpu::VcpuState>& states) {
        const std::lock_guard guard(lock_);
        for (std::size_t i = 0; i < states.size(); ++i) {
            EXPECT_TRUE(board_->processor(i).set_state(states[i]).ok()) << i;
        }
    }
    void run_processor(std::size_t index) {
        const cpu::Exit exit = board_->processor(index).run();
        EXPECT_EQ(exit.reason, cpu::ExitReason::Kicked) << index << ": " << exit.report;
        const std::lock_guard guard(lock_);
        board_->ending().request(machine::EndKind::Vcpu, static_cast<int>(index));
    }

    bus::MachineLock lock_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create(lock_).take();
    std::unique_ptr<machine::Board> board_;
};

// A test's guest: its memory, with handlers of interrupts.
class StagedTest : public ::testing::Test {
  protected:
    static constexpr Gpa kHandlers = 0x210000, kIdt = 0x220000;

    void put(Gpa gpa, const char* begin, const char* end) {
        ASSERT_TRUE(ram_->write(gpa, begin, static_cast<std::size_t>(end - begin)));
    }
    void put_handler(unsigned vector, const char* begin, const char* end) {
        const Gpa at = kHandlers + vector * 0x100;
        put(at, begin, end);
        const std::uint64_t gate[2] = {(at & 0xffff) | 0x10ull << 16 | 0x8eull << 40 | (at >> 16) << 48, 0};
        ASSERT_TRUE(ram_->write(kIdt + vector * 16, gate, sizeof gate));
    }
    std::uint64_t word(Gpa gpa) const {
        std::uint64_t value = 0;
        EXPECT_TRUE(ram_->read(gpa, &value, sizeof value));
        return value;
    }

    std::unique_ptr<memory::GuestRam> ram_ = memory::GuestRam::create(16 << 20).take();
};

}  // namespace hospes
