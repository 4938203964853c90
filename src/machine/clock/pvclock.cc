#include "machine/clock/pvclock.h"

#include <time.h>

#include "x86/msr.h"

namespace hospes::machine {

namespace {

constexpr std::uint8_t kTscStable = 1;

struct SystemTime {  // struct pvclock_vcpu_time_info
    std::uint32_t version;
    std::uint32_t pad0;
    std::uint64_t tsc_timestamp;
    std::uint64_t system_time;
    std::uint32_t tsc_to_system_mul;
    std::int8_t tsc_shift;
    std::uint8_t flags;
    std::uint8_t pad[2];
};
static_assert(sizeof(SystemTime) == 32);

struct WallClock {  // struct pvclock_wall_clock
    std::uint32_t version;
    std::uint32_t sec;
    std::uint32_t nsec;
};

std::uint64_t clock_ns(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

// The multiplier gets as many significant bits as it has.
TscScale tsc_scale(std::uint64_t tsc_hz) {
    std::int8_t shift = 0;
    std::uint64_t hz = tsc_hz;
    while (hz > 2'000'000'000) {
        hz >>= 1;
        --shift;
    }
    while (hz <= 1'000'000'000) {
        hz <<= 1;
        ++shift;
    }
    // From the unshifted frequency, so that no bit is lost on the way.
    __uint128_t scaled = static_cast<__uint128_t>(1'000'000'000) << 32;
    if (shift < 0) {
        scaled <<= -shift;
    } else {
        scaled >>= shift;
    }
    return {static_cast<std::uint32_t>(scaled / tsc_hz), shift};
}

PvClock::PvClock(memory::GuestRam& ram, const HostTsc& tsc, const ClockPair& start,
                 std::function<void(Gpa, std::uint64_t)> written)
    : ram_(ram), tsc_(tsc), written_(std::move(written)), start_(start) {}

bool PvClock::owns(std::uint32_t msr) {
    return msr == x86::msr::MSR_KVM_WALL_CLOCK_NEW || msr == x86::msr::MSR_KVM_SYSTEM_TIME_NEW;
}

std::optional<std::uint64_t> PvClock::msr_read(std::uint32_t index) const {
    return index == x86::msr::MSR_KVM_WALL_CLOCK_NEW ? wall_clock_msr_ : system_time_msr_;
}

bool PvClock::msr_write(std::uint32_t index, std::uint64_t value) {
    if (index == x86::msr::MSR_KVM_WALL_CLOCK_NEW) {
        wall_clock_msr_ = value;
        write_wall_clock(value);
    } else {
        system_time_msr_ = value;
        if (value & 1) write_system_time(value & ~3ull);
    }
    return true;
}

// Outside RAM there is nothing to write, and nobody to tell: as on KVM.
void PvClock::store(Gpa gpa, const void* from, std::size_t length) {
    if (ram_.write(gpa, from, length)) written_(gpa, length);
}

// Written once: the TSC runs at one rate for the life of the VM. The only writer is the vCPU that reads, so an even
// version that differs from the one before is all that the protocol asks for.
void PvClock::write_system_time(Gpa gpa) {
    version_ += 2;
    const TscScale scale = tsc_scale(tsc_.hz());
    SystemTime time{};
    time.version = version_;
    time.tsc_timestamp = start_.tsc;
    time.tsc_to_system_mul = scale.multiplier;
    time.tsc_shift = scale.shift;
    time.flags = kTscStable;
    store(gpa, &time, sizeof time);
}

// The wall clock at system time 0.
void PvClock::write_wall_clock(Gpa gpa) {
    const std::uint64_t boot = clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_MONOTONIC) - start_.monotonic_ns);
    version_ += 2;
    const WallClock wall{version_, static_cast<std::uint32_t>(boot / 1'000'000'000),
                         static_cast<std::uint32_t>(boot % 1'000'000'000)};
    store(gpa, &wall, sizeof wall);
}

}  // namespace hospes::machine
