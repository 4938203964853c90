// What reaches a vCPU from outside: interrupts of its local APIC, INIT and SIPI, and the machine's end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <optional>

#include "base/event/event_loop.h"
#include "base/event/wake_delay.h"
#include "bus/machine_lock.h"
#include "cpu/engine.h"
#include "devices/irqchip/lapic.h"
#include "machine/board/ending.h"
#include "machine/board/halting.h"

namespace hospes::machine {

class VcpuSignals final : public devices::ApicEvents {
  public:
    enum class Role : std::uint8_t { Bootstrap, Application };

    // An application processor waits for its start-up from the first moment on.
    VcpuSignals(unsigned index, cpu::Vcpu& vcpu, Ending& ending, const Halting& halting, Role role)
        : index_(index),
          vcpu_(vcpu),
          ending_(ending),
          halting_(halting),
          role_(role),
          waits_for_start_up_(role == Role::Application) {}

    // Without the lock, and cheap: the engine asks often.
    bool interrupt_pending() const { return pending_.load(std::memory_order_acquire); }
    bool nmi_pending() const { return nmi_.load(std::memory_order_acquire); }
    // Only the vCPU does; one that comes meanwhile is lost in this one, as on a processor.
    void take_nmi() { nmi_.store(false, std::memory_order_release); }
    // The vCPU is to come back from run(): the machine ends, somebody sent an INIT, or a debugger holds it.
    bool stop_requested() const { return ending_.requested() || waits_for_start_up() || halting_.wanted(index_); }
    // Between INIT and SIPI: the next thing to do is wait_for_start_up().
    bool waits_for_start_up() const { return waits_for_start_up_.load(std::memory_order_acquire); }

    // The machine's end, or a debugger: gets the vCPU out of run() or a wait. Called with the lock held.
    void stop();
    // The vCPU halted: sleeps until there is an interrupt to take, an INIT, or the machine's end, and serves `loop`'s
    // timers meanwhile if no other vCPU does, so that a guest's tick wakes one thread instead of two. Called without
    // the lock. `wakeable`, `nmi_wakes`: whether an interrupt or NMI counts.
    void wait(EventLoop& loop, bus::MachineLock& lock, bool wakeable, bool nmi_wakes);
    // Sleeps until a SIPI comes: its vector, or nullopt if the machine ends or a debugger holds it first. Called
    // without the lock.
    std::optional<std::uint8_t> wait_for_start_up(bus::MachineLock& lock);

    // While the vCPU does not run: what a state that moves has of this, and the SIPI that came after its INIT.
    std::optional<std::uint8_t> start_up_vector() const { return start_up_vector_; }
    void restore(bool waits_for_start_up, bool nmi_pending);

    void interrupt_changed(bool pending) override;
    void nmi() override;
    // INIT starts a bootstrap processor at the reset vector, where this machine has no firmware but a reset.
    void init() override;
    // The first SIPI after an INIT counts (SDM volume 3, 9.4.3); others are dropped.
    void start_up(std::uint8_t vector) override;

  private:
    void wake();
    // Sleeps until `deadline` at most, with the lock let go. The host wakes threads late, by as much as an interrupt
    // may be, so it is asked to do it earlier; what is left over then is passed awake, until `woken`.
    template <typename Woken>
    void sleep_until(Nanoseconds deadline, const EventLoop& loop, std::unique_lock<bus::MachineLock>& guard,
                     Woken woken);

    const unsigned index_;
    cpu::Vcpu& vcpu_;
    Ending& ending_;
    const Halting& halting_;
    const Role role_;
    std::atomic<bool> pending_{false};
    std::atomic<bool> nmi_{false};
    std::atomic<bool> waits_for_start_up_;
    std::optional<std::uint8_t> start_up_vector_;
    std::condition_variable wake_;
    WakeDelay wake_delay_;
};

}  // namespace hospes::machine
