// How late the host wakes a thread that asked to be woken at a time.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace hospes {

// Learns the delay from each time that it was seen, so that a thread can ask for that much earlier.
class WakeDelay {
  public:
    // More is not the way of waking a thread, but other threads that have the CPU.
    static constexpr Nanoseconds kMost = 150'000;

    Nanoseconds expected() const { return expected_; }
    // When to be woken for `deadline`; nothing if that is so near that there is no time to sleep.
    std::optional<Nanoseconds> alarm_for(Nanoseconds deadline, Nanoseconds now) const {
        if (deadline <= now + expected_) return std::nullopt;
        return deadline - expected_;
    }
    void learn(Nanoseconds delay) { expected_ = (expected_ * (kWeight - 1) + std::min(delay, kMost)) / kWeight; }

  private:
    static constexpr Nanoseconds kWeight = 8;  // a delay that changed is known after some tens of times
    Nanoseconds expected_ = 0;
};

}  // namespace hospes
