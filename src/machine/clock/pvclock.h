// KVM's paravirtual clock (Linux, Documentation/virt/kvm/x86/msr.rst): MSR_KVM_WALL_CLOCK_NEW, MSR_KVM_SYSTEM_TIME_NEW.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "machine/clock/tsc.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

// nanoseconds = (shift >= 0 ? ticks << shift : ticks >> -shift) * multiplier / 2^32
struct TscScale {
    std::uint32_t multiplier;
    std::int8_t shift;
};
TscScale tsc_scale(std::uint64_t tsc_hz);

// The clock of one vCPU.
class PvClock {
  public:
    // `start` is system time 0, the same for all vCPUs of a VM; `written` is told of each write into guest RAM.
    PvClock(memory::GuestRam& ram, const HostTsc& tsc, const ClockPair& start,
            std::function<void(Gpa, std::uint64_t)> written);

    static bool owns(std::uint32_t msr);
    std::optional<std::uint64_t> msr_read(std::uint32_t index) const;
    bool msr_write(std::uint32_t index, std::uint64_t value);

  private:
    void write_system_time(Gpa gpa);
    void write_wall_clock(Gpa gpa);
    void store(Gpa gpa, const void* from, std::size_t length);

    memory::GuestRam& ram_;
    const HostTsc& tsc_;
    std::function<void(Gpa, std::uint64_t)> written_;
    const ClockPair start_;
    std::uint64_t wall_clock_msr_ = 0, system_time_msr_ = 0;
    std::uint32_t version_ = 0;
};

}  // namespace hospes::machine
