// One vCPU's part of the board: its local APIC, clock and signals, and the loop that runs it.
#pragma once

#include "machine/board/vcpu_port.h"
#include "machine/board/vcpu_signals.h"
#include "machine/clock/pvclock.h"
#include "memory/dma_observer.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

class Processor {
  public:
    struct Parts {
        unsigned index;
        cpu::Vcpu& vcpu;
        bool apic_in_engine;      // then it starts the application processors itself
        std::uint32_t signature;  // CPUID leaf 1 EAX
        Ending& ending;
        Halting& halting;
        EventLoop& loop;
        bus::MachineLock& lock;
        const HostTsc& tsc;
        const ClockPair& start;
        memory::GuestRam& ram;
        memory::DmaObserver& observer;
        bus::AddressSpace& memory_space;
        bus::AddressSpace& port_space;
        devices::ApicBus& apic_bus;
    };
    explicit Processor(const Parts& parts);
    Processor(const Processor&) = delete;
    Processor& operator=(const Processor&) = delete;

    // Runs the vCPU, on the calling thread, until the machine ends (Exit::Kicked) or the vCPU cannot go on (Shutdown,
    // Failed).
    cpu::Exit run();

    // The vCPU's state with all that its local APIC has to do with, whoever emulates that. Only while no vCPU runs,
    // with the lock held.
    cpu::VcpuState state() const;
    Result<void> set_state(const cpu::VcpuState& state);

    cpu::VcpuHost& host() { return port_; }
    devices::LocalApic& apic() { return apic_; }
    VcpuSignals& signals() { return signals_; }

  private:
    cpu::VcpuState started_at(std::uint8_t vector) const;

    const unsigned index_;
    cpu::Vcpu& vcpu_;
    Ending& ending_;
    Halting& halting_;
    EventLoop& loop_;
    bus::MachineLock& lock_;
    const bool apic_in_engine_;
    const std::uint32_t signature_;
    VcpuSignals signals_;
    devices::LocalApic apic_;  // with the engine's in its place, only the PIC's way to the bootstrap processor
    PvClock clock_;
    VcpuPort port_;
};

}  // namespace hospes::machine
