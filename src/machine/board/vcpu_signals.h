// What reaches a vCPU from outside: interrupts of its local APIC, and the machine's end.
#pragma once

#include <atomic>
#include <condition_variable>

#include "base/event/event_loop.h"
#include "bus/machine_lock.h"
#include "cpu/engine.h"
#include "devices/irqchip/lapic.h"
#include "machine/board/ending.h"

namespace hospes::machine {

class VcpuSignals final : public devices::ApicEvents {
  public:
    VcpuSignals(cpu::Vcpu& vcpu, Ending& ending) : vcpu_(vcpu), ending_(ending) {}

    // Without the lock, and cheap: the engine asks often.
    bool interrupt_pending() const { return pending_.load(std::memory_order_acquire); }
    bool stop_requested() const { return ending_.requested(); }

    // The machine's end: gets the vCPU out of run() or wait(). Called with the lock held.
    void stop();
    // The vCPU halted: sleeps until there is an interrupt to take or the machine ends, and serves `loop`'s timers
    // meanwhile, so that a guest's tick wakes one thread instead of two. Called without the lock. `wakeable`: whether
    // an interrupt counts; without it only the end does.
    void wait(EventLoop& loop, bus::MachineLock& lock, bool wakeable);

    void interrupt_changed(bool pending) override;
    void nmi() override {}  // with one vCPU no kernel sends one; the engine has no way to take it yet
    // INIT starts a bootstrap processor at the reset vector, where this machine has no firmware but a reset.
    void init() override { ending_.reset(); }
    void start_up(std::uint8_t) override {}  // only after INIT, on application processors

  private:
    cpu::Vcpu& vcpu_;
    Ending& ending_;
    std::atomic<bool> pending_{false};
    std::condition_variable wake_;
};

}  // namespace hospes::machine
