#include "machine/board/vcpu_signals.h"

#include <chrono>

namespace hospes::machine {

namespace {

// steady_clock is CLOCK_MONOTONIC, as the event loop's clock is.
std::chrono::steady_clock::time_point time_point(Nanoseconds when) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(when));
}

}  // namespace

void VcpuSignals::interrupt_changed(bool pending) {
    pending_.store(pending, std::memory_order_release);
    if (!pending) return;
    vcpu_.notify();
    wake_.notify_one();
}

void VcpuSignals::stop() {
    vcpu_.notify();
    wake_.notify_one();
}

void VcpuSignals::wait(EventLoop& loop, bus::MachineLock& lock, bool wakeable) {
    std::unique_lock guard(lock);
    while (!stop_requested() && !(wakeable && interrupt_pending())) {
        if (const auto deadline = loop.borrow_timers()) {
            wake_.wait_until(guard, time_point(*deadline));
        } else {
            wake_.wait(guard);
        }
        loop.run_due_timers();
        loop.return_timers();
    }
}

}  // namespace hospes::machine
