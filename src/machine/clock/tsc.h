// The host's time-stamp counter, which is the guest's too (offset 0), and its frequency.
#pragma once

#include <x86intrin.h>

#include <cstdint>
#include <thread>

#include "devices/irqchip/guest_tsc.h"

namespace hospes::machine {

// Measures the frequency against CLOCK_MONOTONIC in the background for some ten milliseconds, good to a few ppm.
// (CPUID's numbers are nominal, and the kernel's own is not to be had without rights.)
class HostTsc final : public devices::GuestTsc {
  public:
    HostTsc();
    ~HostTsc() override;

    std::uint64_t read() const override { return __rdtsc(); }
    // Waits for the measurement.
    std::uint64_t hz() const;
    std::uint64_t khz() const override { return (hz() + 500) / 1000; }

  private:
    std::uint64_t hz_ = 0;  // read after the thread was joined; before it: the thread starts as it is made
    mutable std::thread measurement_;
};

// One moment on both clocks.
struct ClockPair {
    std::uint64_t tsc;
    std::uint64_t monotonic_ns;
};
// The best of some readings: the one that took the shortest time.
ClockPair read_clock_pair();

}  // namespace hospes::machine
