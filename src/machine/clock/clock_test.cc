#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "machine/clock/pvclock.h"
#include "x86/msr.h"

namespace hospes::machine {
namespace {

std::uint64_t scaled(TscScale scale, std::uint64_t ticks) {
    ticks = scale.shift >= 0 ? ticks << scale.shift : ticks >> -scale.shift;
    return static_cast<std::uint64_t>(static_cast<__uint128_t>(ticks) * scale.multiplier >> 32);
}

TEST(TscScale, GivesNanosecondsWithinAPpbForEveryFrequency) {
    for (const std::uint64_t hz : {100'000'000ull, 999'999'999ull, 1'000'000'000ull, 1'000'000'001ull, 2'000'000'000ull,
                                   2'000'000'001ull, 2'599'998'000ull, 4'000'000'000ull, 5'700'000'000ull}) {
        const double error = static_cast<double>(scaled(tsc_scale(hz), hz * 100)) / 1e11 - 1;
        EXPECT_LT(std::abs(error), 2e-9) << hz;
    }
}

TEST(PvClock, AgreesWithTheHostClock) {
    auto ram = memory::GuestRam::create(2 << 20).take();
    HostTsc tsc;
    std::uint64_t told = 0;
    PvClock clock(*ram, tsc, read_clock_pair(), [&](Gpa gpa, std::uint64_t) { told = gpa; });
    ASSERT_TRUE(PvClock::owns(x86::msr::MSR_KVM_SYSTEM_TIME_NEW));
    EXPECT_TRUE(clock.msr_write(x86::msr::MSR_KVM_SYSTEM_TIME_NEW, 0x5001));
    EXPECT_EQ(told, 0x5000u);
    std::uint8_t page[32];
    ram->read(0x5000, page, sizeof page);
    std::uint64_t stamp, system;
    TscScale scale;
    std::memcpy(&stamp, page + 8, 8);
    std::memcpy(&system, page + 16, 8);
    std::memcpy(&scale.multiplier, page + 24, 4);
    scale.shift = static_cast<std::int8_t>(page[28]);
    EXPECT_EQ(page[29], 1);
    EXPECT_EQ(page[0] % 2, 0);
    const auto read = [&](std::uint64_t at) { return system + scaled(scale, at - stamp); };
    const ClockPair first = read_clock_pair();
    ::usleep(200'000);
    const ClockPair second = read_clock_pair();
    const double host = static_cast<double>(second.monotonic_ns - first.monotonic_ns);
    const double guest = static_cast<double>(read(second.tsc) - read(first.tsc));
    EXPECT_LT(std::abs(guest / host - 1), 100e-6);
}

TEST(PvClock, WallClockIsNowMinusSystemTime) {
    auto ram = memory::GuestRam::create(2 << 20).take();
    HostTsc tsc;
    PvClock clock(*ram, tsc, read_clock_pair(), [](Gpa, std::uint64_t) {});
    clock.msr_write(x86::msr::MSR_KVM_WALL_CLOCK_NEW, 0x6000);
    std::uint32_t wall[3];
    ram->read(0x6000, wall, sizeof wall);
    EXPECT_NEAR(static_cast<double>(wall[1]), static_cast<double>(::time(nullptr)), 1.5);
    EXPECT_TRUE(clock.msr_write(x86::msr::MSR_KVM_WALL_CLOCK_NEW, ~0ull << 12));  // outside RAM: ignored
}

}  // namespace
}  // namespace hospes::machine
