#include "machine/board/halting.h"

#include <utility>

namespace hospes::machine {

Halting::Halting(unsigned vcpus, bool held) : held_(vcpus), rounds_(vcpus) {
    for (auto& one : held_) one.store(held, std::memory_order_relaxed);
}

void Halting::connect(std::function<void()> wake, std::function<void(const Reason&)> all_stopped) {
    wake_ = std::move(wake);
    all_stopped_ = std::move(all_stopped);
}

void Halting::disconnect() {
    all_stopped_ = nullptr;
    for (auto& one : held_) one.store(false, std::memory_order_release);
    for (unsigned& round : rounds_) ++round;
    standing_ = 0;
    changed_.notify_all();
}

void Halting::stop_all() {
    for (auto& one : held_) one.store(true, std::memory_order_release);
    if (wake_) wake_();
}

void Halting::resume(const std::vector<bool>& go) {
    reason_ = {};
    for (std::size_t index = 0; index < held_.size(); ++index) {
        if (!go[index]) continue;
        held_[index].store(false, std::memory_order_release);
        ++rounds_[index];
        --standing_;
    }
    changed_.notify_all();
}

// A vCPU that is not the first one says nothing: what it stopped for is before it when it goes on.
void Halting::report(unsigned index, const cpu::DebugStop& stop, bus::MachineLock& lock) {
    const std::lock_guard guard(lock);
    if (!all_stopped_) return;  // nobody asks any more
    if (!reason_.debug) reason_ = {index, stop};
    stop_all();
}

void Halting::stand(unsigned index, bus::MachineLock& lock, const Ending& ending) {
    std::unique_lock guard(lock);
    while (wanted(index) && !ending.requested()) {
        ++standing_;
        const unsigned round = rounds_[index];
        if (all_stopped() && all_stopped_) all_stopped_(reason_);  // which may let it go already
        changed_.wait(guard, [&] { return rounds_[index] != round || ending.requested(); });
    }
}

}  // namespace hospes::machine
