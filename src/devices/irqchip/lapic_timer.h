// The local APIC's timer (SDM volume 3, 11.5.4): counts down at 1 GHz through its divider, or waits for a TSC value.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"
#include "devices/irqchip/guest_tsc.h"

namespace hospes::devices {

class LapicTimer {
  public:
    // The rate of the count-down before the divider; in CPUID leaf 0x15 (crystal) and 0x40000010 EBX.
    static constexpr std::uint64_t kFrequencyHz = 1'000'000'000;

    enum class Mode : std::uint8_t { OneShot = 0, Periodic = 1, TscDeadline = 2, Reserved = 3 };

    LapicTimer(TimeSource& time, const GuestTsc& tsc, std::function<void()> expired);

    // Changing to or from TscDeadline disarms the timer.
    void set_mode(Mode mode);
    // The divide configuration register's value, bits 0, 1 and 3.
    void set_divide(std::uint32_t configuration);
    std::uint32_t divide_configuration() const { return divide_configuration_; }

    void set_initial_count(std::uint32_t count);
    std::uint32_t initial_count() const { return initial_count_; }
    std::uint32_t current_count() const;

    // IA32_TSC_DEADLINE: ignored, and reads 0, in the other modes.
    void set_deadline(std::uint64_t deadline);
    std::uint64_t deadline() const { return mode_ == Mode::TscDeadline ? deadline_ : 0; }

    // Goes on as another timer was that showed these registers.
    struct Registers {
        Mode mode;
        std::uint32_t divide_configuration, initial_count, current_count;
        std::uint64_t deadline;
    };
    void resume(const Registers& from);

    void reset();

  private:
    unsigned divider() const;
    void start(std::uint32_t count);
    void fire();
    void arm_deadline();

    TimeSource& time_;
    const GuestTsc& tsc_;
    std::function<void()> expired_;
    std::unique_ptr<Timer> timer_;
    Mode mode_ = Mode::OneShot;
    std::uint32_t divide_configuration_ = 0;
    std::uint32_t initial_count_ = 0;
    std::uint64_t deadline_ = 0;
    bool running_ = false;
    Nanoseconds end_ = 0;  // when the current count-down reaches zero
};

}  // namespace hospes::devices
