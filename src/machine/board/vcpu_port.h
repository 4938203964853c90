// One vCPU's view of the board: what an engine asks while it runs (cpu/vcpu_host.h).
#pragma once

#include "bus/address_space.h"
#include "bus/machine_lock.h"
#include "cpu/vcpu_host.h"
#include "devices/irqchip/apic_bus.h"
#include "devices/irqchip/lapic.h"
#include "machine/board/vcpu_signals.h"
#include "machine/clock/pvclock.h"

namespace hospes::machine {

// Takes the machine lock around everything that touches a device.
class VcpuPort final : public cpu::VcpuHost {
  public:
    struct Parts {
        bus::MachineLock& lock;
        bus::AddressSpace& memory;
        bus::AddressSpace& ports;
        devices::ApicBus& apic_bus;
        devices::LocalApic& apic;
        PvClock& clock;
        VcpuSignals& signals;
    };
    explicit VcpuPort(const Parts& parts);

    std::uint64_t mmio_read(Gpa gpa, unsigned size) override;
    void mmio_write(Gpa gpa, std::uint64_t value, unsigned size) override;
    std::uint32_t port_read(std::uint16_t port, unsigned size) override;
    void port_write(std::uint16_t port, std::uint32_t value, unsigned size) override;
    std::optional<std::uint64_t> msr_read(std::uint32_t index) override;
    bool msr_write(std::uint32_t index, std::uint64_t value) override;
    std::uint8_t task_priority() override;
    void set_task_priority(std::uint8_t priority) override;
    bool interrupt_pending() override { return parts_.signals.interrupt_pending(); }
    std::optional<std::uint8_t> acknowledge_interrupt() override;
    bool nmi_pending() override { return parts_.signals.nmi_pending(); }
    void take_nmi() override { parts_.signals.take_nmi(); }
    void end_of_interrupt(std::uint8_t vector) override;
    bool stop_requested() override { return parts_.signals.stop_requested(); }

    void set_local_apic(const x86::LocalApicRegisters& registers) {
        parts_.apic.set_registers(registers);
        find_apic_page();
    }

  private:
    static constexpr Gpa kNoPage = ~0ull;

    void find_apic_page() { apic_page_ = parts_.apic.mmio_page().value_or(kNoPage); }

    Parts parts_;
    // Where the local APIC's registers are. Only this vCPU moves them, and who sets its state.
    Gpa apic_page_ = kNoPage;
};

}  // namespace hospes::machine
