// What the stub debugs: a VM's CPUs and memory. Everything but interrupt(), detach() and end() is asked of a VM that is
// stopped.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "cpu/debugging.h"
#include "cpu/vcpu_state.h"
#include "x86/xsave_layout.h"

namespace hospes::gdb {

enum class Move : std::uint8_t { Stay, Go, Step };

struct Breakpoints {
    std::vector<Gva> code;
    std::vector<cpu::DataBreakpoint> data;
};

class Target {
  public:
    virtual ~Target() = default;

    virtual unsigned cpus() const = 0;
    // Which vector registers the CPUs have, as bits of XCR0, and where they lie in the XSAVE area of a CPU's state.
    virtual std::uint64_t supported_xcr0() const = 0;
    virtual const x86::XsaveLayout& xsave_layout() const = 0;
    virtual cpu::VcpuState state(unsigned cpu) = 0;
    virtual Result<void> set_state(unsigned cpu, const cpu::VcpuState& state) = 0;
    // By linear address, as `cpu` has it mapped: how many bytes of `size` could be read or written.
    virtual std::size_t read(unsigned cpu, Gva address, std::uint8_t* to, std::size_t size) = 0;
    virtual std::size_t write(unsigned cpu, Gva address, const std::uint8_t* from, std::size_t size) = 0;
    // Whether it can look out for all of that at once.
    virtual bool can_stop_at(const Breakpoints& breakpoints) = 0;
    // One Move for each CPU. Some time later the stub is told why they all have stopped again.
    virtual void resume(const std::vector<Move>& moves, const Breakpoints& breakpoints) = 0;
    // Of a VM that runs: stops it.
    virtual void interrupt() = 0;
    // Nobody debugs it any more: all runs on.
    virtual void detach() = 0;
    // The VM's end.
    virtual void end() = 0;
};

}  // namespace hospes::gdb
