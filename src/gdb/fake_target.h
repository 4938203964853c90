// A VM of two CPUs and 64 KiB of memory, for tests of the stub.
#pragma once

#include <array>
#include <cstring>

#include "gdb/target.h"

namespace hospes::gdb {

class FakeTarget final : public Target {
  public:
    static constexpr std::size_t kMemory = 0x10000;

    unsigned cpus() const override { return 2; }
    std::uint64_t supported_xcr0() const override { return 0xe7; }
    const x86::XsaveLayout& xsave_layout() const override { return layout; }
    cpu::VcpuState state(unsigned cpu) override { return states.at(cpu); }
    Result<void> set_state(unsigned cpu, const cpu::VcpuState& state) override {
        states.at(cpu) = state;
        return {};
    }
    std::size_t read(unsigned, Gva address, std::uint8_t* to, std::size_t size) override {
        const std::size_t there = within(address, size);
        if (there != 0) std::memcpy(to, memory.data() + address, there);
        return there;
    }
    std::size_t write(unsigned, Gva address, const std::uint8_t* from, std::size_t size) override {
        const std::size_t there = within(address, size);
        if (there != 0) std::memcpy(memory.data() + address, from, there);
        return there;
    }
    bool can_stop_at(const Breakpoints& asked) override { return asked.code.size() + asked.data.size() <= most; }
    void resume(const std::vector<Move>& new_moves, const Breakpoints& new_breakpoints) override {
        moves = new_moves;
        breakpoints = new_breakpoints;
        running = true;
    }
    void interrupt() override { ++interrupts; }
    void detach() override { detached = true; }
    void end() override { killed = true; }

    std::array<cpu::VcpuState, 2> states{cpu::initial_state(), cpu::initial_state()};
    x86::XsaveLayout layout;
    std::array<std::uint8_t, kMemory> memory{};
    std::vector<Move> moves;
    Breakpoints breakpoints;
    bool running = false, detached = false, killed = false;
    unsigned interrupts = 0;
    std::size_t most = ~std::size_t{0};  // breakpoints

  private:
    static std::size_t within(Gva address, std::size_t size) {
        return address >= kMemory ? 0 : std::min<std::size_t>(size, kMemory - address);
    }
};

}  // namespace hospes::gdb
