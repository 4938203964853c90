#include "machine/board/vcpu_signals.h"

#include <immintrin.h>

#include <chrono>
#include <utility>

namespace hospes::machine {

namespace {

// steady_clock is CLOCK_MONOTONIC, as the event loop's clock is.
std::chrono::steady_clock::time_point time_point(Nanoseconds when) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(when));
}

}  // namespace

void VcpuSignals::wake() {
    vcpu_.notify();
    wake_.notify_one();
}

void VcpuSignals::interrupt_changed(bool pending) {
    pending_.store(pending, std::memory_order_release);
    if (pending) wake();
}

void VcpuSignals::stop() { wake(); }

// Two before the first one is taken are one.
void VcpuSignals::nmi() {
    nmi_.store(true, std::memory_order_release);
    wake();
}

void VcpuSignals::init() {
    if (role_ == Role::Bootstrap) return ending_.reset();
    start_up_vector_.reset();
    nmi_.store(false, std::memory_order_release);
    waits_for_start_up_.store(true, std::memory_order_release);
    wake();
}

void VcpuSignals::restore(bool waits_for_start_up, bool nmi_pending) {
    waits_for_start_up_.store(waits_for_start_up, std::memory_order_release);
    start_up_vector_.reset();
    nmi_.store(nmi_pending, std::memory_order_release);
}

void VcpuSignals::start_up(std::uint8_t vector) {
    if (!waits_for_start_up() || start_up_vector_) return;
    start_up_vector_ = vector;
    wake_.notify_one();
}

template <typename Woken>
void VcpuSignals::sleep_until(Nanoseconds deadline, const EventLoop& loop, std::unique_lock<bus::MachineLock>& guard,
                              Woken woken) {
    if (const auto alarm = wake_delay_.alarm_for(deadline, loop.now())) {
        if (wake_.wait_until(guard, time_point(*alarm)) == std::cv_status::no_timeout) return;
        wake_delay_.learn(loop.now() - *alarm);
    }
    guard.unlock();
    while (loop.now() < deadline && !woken()) _mm_pause();
    guard.lock();
}

void VcpuSignals::wait(EventLoop& loop, bus::MachineLock& lock, bool wakeable, bool nmi_wakes) {
    std::unique_lock guard(lock);
    const auto woken = [&] {
        return stop_requested() || (wakeable && interrupt_pending()) || (nmi_wakes && nmi_pending());
    };
    while (!woken()) {
        if (loop.timers_borrowed()) {
            wake_.wait(guard);
            continue;
        }
        if (const auto deadline = loop.borrow_timers()) {
            sleep_until(*deadline, loop, guard, woken);
        } else {
            wake_.wait(guard);
        }
        loop.run_due_timers();
        loop.return_timers();
    }
}

std::optional<std::uint8_t> VcpuSignals::wait_for_start_up(bus::MachineLock& lock) {
    std::unique_lock guard(lock);
    const auto held = [this] { return ending_.requested() || halting_.wanted(index_); };
    wake_.wait(guard, [&] { return held() || start_up_vector_; });
    if (held()) return std::nullopt;
    waits_for_start_up_.store(false, std::memory_order_release);
    return std::exchange(start_up_vector_, std::nullopt);
}

}  // namespace hospes::machine
