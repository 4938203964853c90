// A TimeSource for unit tests: time passes only by advance(), and timers fire inside it, in order.
#pragma once

#include <algorithm>
#include <vector>

#include "base/time.h"

namespace hospes {

class ManualTime final : public TimeSource {
  public:
    Nanoseconds now() const override { return now_; }

    std::unique_ptr<Timer> create_timer(std::function<void()> fire) override {
        return std::make_unique<ManualTimer>(*this, std::move(fire));
    }

    // Lets `duration` pass; a timer that fires sees now() at its deadline.
    void advance(Nanoseconds duration) {
        const Nanoseconds end = now_ + duration;
        while (ManualTimer* next = earliest(end)) {
            now_ = std::max(now_, next->deadline);
            next->armed = false;
            next->fire();
        }
        now_ = end;
    }

  private:
    struct ManualTimer final : Timer {
        ManualTimer(ManualTime& time, std::function<void()> function) : owner(time), fire(std::move(function)) {
            owner.timers_.push_back(this);
        }
        ~ManualTimer() override { std::erase(owner.timers_, this); }
        void arm(Nanoseconds when) override {
            deadline = when;
            armed = true;
        }
        void disarm() override { armed = false; }

        ManualTime& owner;
        std::function<void()> fire;
        Nanoseconds deadline = 0;
        bool armed = false;
    };

    ManualTimer* earliest(Nanoseconds end) {
        ManualTimer* best = nullptr;
        for (ManualTimer* timer : timers_) {
            if (timer->armed && timer->deadline <= end && (!best || timer->deadline < best->deadline)) best = timer;
        }
        return best;
    }

    Nanoseconds now_ = 1000 * kSecond;
    std::vector<ManualTimer*> timers_;
};

}  // namespace hospes
