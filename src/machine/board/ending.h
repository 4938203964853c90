// How a machine comes to its end: who asked for it first, and whether anybody has.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "devices/power/power_control.h"

namespace hospes::machine {

// Vcpu: one that cannot go on, with its index; why is in the exit that Machine::run() gives.
enum class EndKind : std::uint8_t { None, PowerOff, Reset, DebugExit, Signal, TerminalEscape, Debugger, Vcpu };

// Requests are made with the machine lock held; the first one counts, what a guest does afterwards changes nothing.
class Ending final : public devices::PowerControl {
  public:
    // Called once, when the end is asked for.
    void on_request(std::function<void()> listener) { listener_ = std::move(listener); }

    void power_off() override { request(EndKind::PowerOff, 0); }
    void reset() override { request(EndKind::Reset, 0); }
    void debug_exit(std::uint8_t value) override { request(EndKind::DebugExit, value); }
    // Not from the guest: a signal to this process, with its number, or a key of the operator.
    void request(EndKind kind, int detail) {
        if (kind_ != EndKind::None) return;
        kind_ = kind;
        detail_ = detail;
        requested_.store(true, std::memory_order_release);
        if (listener_) listener_();
    }

    // On any thread, without the lock.
    bool requested() const { return requested_.load(std::memory_order_relaxed); }

    // After requested() was seen.
    EndKind kind() const { return kind_; }
    int detail() const { return detail_; }

  private:
    std::function<void()> listener_;
    EndKind kind_ = EndKind::None;
    int detail_ = 0;
    std::atomic<bool> requested_{false};
};

}  // namespace hospes::machine
