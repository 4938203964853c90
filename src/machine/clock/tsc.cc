#include "machine/clock/tsc.h"

#include <time.h>

#include <mutex>

namespace hospes::machine {

namespace {

std::mutex join_lock;

std::uint64_t monotonic_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t measure() {
    const ClockPair start = read_clock_pair();
    const timespec pause{0, 12'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    const ClockPair end = read_clock_pair();
    const auto ticks = static_cast<__uint128_t>(end.tsc - start.tsc);
    return static_cast<std::uint64_t>(ticks * 1'000'000'000 / (end.monotonic_ns - start.monotonic_ns));
}

}  // namespace

ClockPair read_clock_pair() {
    ClockPair best{};
    std::uint64_t shortest = ~0ull;
    for (int i = 0; i < 32; ++i) {
        const std::uint64_t before = __rdtsc();
        const std::uint64_t time = monotonic_ns();
        const std::uint64_t after = __rdtsc();
        if (after - before >= shortest) continue;
        shortest = after - before;
        best = {before + shortest / 2, time};
    }
    return best;
}

HostTsc::HostTsc() : measurement_([this] { hz_ = measure(); }) {}

HostTsc::~HostTsc() {
    if (measurement_.joinable()) measurement_.join();
}

std::uint64_t HostTsc::hz() const {
    const std::lock_guard guard(join_lock);
    if (measurement_.joinable()) measurement_.join();
    return hz_;
}

}  // namespace hospes::machine
