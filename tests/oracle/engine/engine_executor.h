// Runs batches in a software CPU engine, through the seam that the VMM uses.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cpu/bare_host.h"
#include "cpu/engine.h"
#include "engine/guest_machine.h"
#include "engine/watchdog.h"
#include "executor.h"

namespace hospes::oracle {

class EngineExecutor : public Executor {
  public:
    using MakeEngine = std::function<Result<std::unique_ptr<cpu::Engine>>(memory::GuestRam&, const x86::CpuidModel&)>;

    // Errors: the engine refuses, no memory. `model` must outlive the executor.
    static Result<std::unique_ptr<EngineExecutor>> create(std::string name, const x86::CpuidModel& model,
                                                          const MakeEngine& make_engine);
    ~EngineExecutor() override;

    Result<void> run(const Batch& batch, Outcome* outcomes) override;
    const char* name() const override { return name_.c_str(); }
    Result<void> finish() override { return finish_ ? finish_(*engine_) : Result<void>(); }

    using Finish = std::function<Result<void>(const cpu::Engine&)>;
    void set_finish(Finish finish) { finish_ = std::move(finish); }

  private:
    EngineExecutor() = default;
    void prepare(const Case& test);
    void capture(const Case& test, Outcome& outcome);
    Result<void> run_case(const Case& test, Outcome& outcome);
    Result<void> note_failure(const cpu::Exit& exit, Outcome& outcome);

    std::string name_;
    Finish finish_;
    std::unique_ptr<GuestMachine> machine_;
    std::unique_ptr<cpu::Engine> engine_;
    std::unique_ptr<cpu::Vcpu> vcpu_;
    cpu::BareHost host_;
    std::unique_ptr<Watchdog> watchdog_;
    x86::XsaveLayout layout_;
    cpu::VcpuState base_;
    cpu::VcpuState state_;
    unsigned hangs_ = 0;
    unsigned reports_ = 0;
};

}  // namespace hospes::oracle
