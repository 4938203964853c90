// Time as devices see it: a clock and timers on it. The event loop is the real one, ManualTime the tests' one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace hospes {

using Nanoseconds = std::uint64_t;  // since some moment before the start of the program

inline constexpr Nanoseconds kSecond = 1'000'000'000;

// Calls its function once, when its deadline is reached, on the thread of its TimeSource.
class Timer {
  public:
    virtual ~Timer() = default;
    // Replaces an earlier deadline. A deadline in the past fires as soon as it can, never from within arm().
    virtual void arm(Nanoseconds deadline) = 0;
    virtual void disarm() = 0;
};

class TimeSource {
  public:
    virtual ~TimeSource() = default;
    virtual Nanoseconds now() const = 0;
    // The timer must not outlive its source.
    virtual std::unique_ptr<Timer> create_timer(std::function<void()> fire) = 0;
};

}  // namespace hospes
