// A machine as GDB's stub sees it. All of it is called with the machine's lock held.
#pragma once

#include "gdb/target.h"
#include "machine/board/machine.h"

namespace hospes::vmm {

class GdbTarget final : public gdb::Target {
  public:
    // nullptr: there is none; then nothing else may be called.
    void use(machine::Machine* machine) { machine_ = machine; }

    unsigned cpus() const override;
    std::uint64_t supported_xcr0() const override { return machine_->model().supported_xcr0(); }
    const x86::XsaveLayout& xsave_layout() const override { return machine_->model().xsave_layout(); }
    cpu::VcpuState state(unsigned cpu) override;
    Result<void> set_state(unsigned cpu, const cpu::VcpuState& state) override;
    std::size_t read(unsigned cpu, Gva address, std::uint8_t* to, std::size_t size) override;
    std::size_t write(unsigned cpu, Gva address, const std::uint8_t* from, std::size_t size) override;
    bool can_stop_at(const gdb::Breakpoints& breakpoints) override;
    void resume(const std::vector<gdb::Move>& moves, const gdb::Breakpoints& breakpoints) override;
    void interrupt() override;
    void detach() override;
    void end() override;

  private:
    machine::Machine* machine_ = nullptr;
};

}  // namespace hospes::vmm
