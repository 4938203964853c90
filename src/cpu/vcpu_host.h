// What an engine asks of the machine while a vCPU runs. Every call comes on that vCPU's thread. None may wait for
// another vCPU, which may itself be waiting for this one.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"

namespace hospes::cpu {

class VcpuHost {
  public:
    virtual ~VcpuHost() = default;

    // Device memory: guest physical addresses that are not RAM. `size` is 1, 2, 4 or 8. Reads of nothing give all ones.
    virtual std::uint64_t mmio_read(Gpa gpa, unsigned size) = 0;
    virtual void mmio_write(Gpa gpa, std::uint64_t value, unsigned size) = 0;

    // I/O ports; `size` is 1, 2 or 4.
    virtual std::uint32_t port_read(std::uint16_t port, unsigned size) = 0;
    virtual void port_write(std::uint16_t port, std::uint32_t value, unsigned size) = 0;

    // MSRs that belong to the platform, not to the CPU core: IA32_APIC_BASE, x2APIC, IA32_TSC_DEADLINE, the
    // paravirtual clock. nullopt / false: no such register or a value it refuses (the guest gets #GP).
    virtual std::optional<std::uint64_t> msr_read(std::uint32_t index) = 0;
    virtual bool msr_write(std::uint32_t index, std::uint64_t value) = 0;

    // CR8, bits 3:0: the local APIC's task priority class.
    virtual std::uint8_t task_priority() = 0;
    virtual void set_task_priority(std::uint8_t priority) = 0;

    // Whether acknowledge_interrupt() would give a vector now.
    virtual bool interrupt_pending() = 0;
    // Takes the highest-priority deliverable external interrupt (the INTA cycle): its vector, or nullopt.
    virtual std::optional<std::uint8_t> acknowledge_interrupt() = 0;

    // A non-maskable interrupt waits; takes it. Of engines without local APICs.
    virtual bool nmi_pending() { return false; }
    virtual void take_nmi() {}

    // Of engines with the local APICs: a level-triggered interrupt of the IOAPIC was ended by the guest.
    virtual void end_of_interrupt(std::uint8_t) {}

    // True once the vCPU is to stop, for good or to be given another state: run() then returns Exit::Kicked.
    virtual bool stop_requested() = 0;
};

}  // namespace hospes::cpu
