// The local APIC of one vCPU, as xAPIC and x2APIC (SDM volume 3, chapter 11).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/address.h"
#include "devices/irqchip/apic_message.h"
#include "devices/irqchip/lapic_timer.h"
#include "devices/irqchip/vector_set.h"
#include "x86/local_apic.h"

namespace hospes::devices {

class ApicBus;
class Pic;

// What a local APIC tells its vCPU. Called with the machine lock held, on any thread.
class ApicEvents {
  public:
    virtual ~ApicEvents() = default;
    // Whether acknowledge() would give a vector now; called when that changes.
    virtual void interrupt_changed(bool pending) = 0;
    virtual void nmi() = 0;
    virtual void init() = 0;
    virtual void start_up(std::uint8_t vector) = 0;
};

class LocalApic {
  public:
    LocalApic(std::uint32_t id, ApicBus& bus, TimeSource& time, const GuestTsc& tsc, ApicEvents& events);

    // Connects the PIC's INT output with LINT0: the bootstrap processor's only.
    void connect_lint0(Pic& pic) { pic_ = &pic; }
    // What firmware leaves behind on a bootstrap processor: enabled, LINT0 = ExtINT, LINT1 = NMI ("virtual wire mode",
    // MultiProcessor Specification 3.6.2.2).
    void set_up_virtual_wire();

    // The page of the xAPIC registers, while they are visible at all.
    std::optional<Gpa> mmio_page() const;
    std::uint32_t mmio_read(std::uint32_t offset);
    void mmio_write(std::uint32_t offset, std::uint32_t value);

    // IA32_APIC_BASE, IA32_TSC_DEADLINE, MSR_KVM_PV_EOI_EN and the x2APIC registers; nullopt and false mean #GP.
    std::optional<std::uint64_t> msr_read(std::uint32_t index);
    bool msr_write(std::uint32_t index, std::uint64_t value);

    // All of it, but errors that the guest has not latched.
    x86::LocalApicRegisters registers() const;
    void set_registers(const x86::LocalApicRegisters& from);

    // CR8.
    std::uint8_t task_priority_class() const { return static_cast<std::uint8_t>(tpr_ >> 4); }
    void set_task_priority_class(std::uint8_t priority) { set_tpr(static_cast<std::uint32_t>(priority & 0xf) << 4); }

    bool interrupt_pending() const { return pending_; }
    // The INTA cycle.
    std::optional<std::uint8_t> acknowledge();
    // Looks at the PIC's output and all registers anew; tells ApicEvents.
    void update();

    // For the bus: whether a message is meant for this APIC, and taking it.
    bool matches(const ApicMessage& message) const;
    // Whether it takes part in the choice of a lowest-priority interrupt's receiver: not while it is switched off.
    bool arbitrates() const { return software_enabled(); }
    void accept(const ApicMessage& message);
    std::uint8_t processor_priority() const;
    std::uint32_t id() const { return id_; }

  private:
    // Entries of the local vector table, in the order of their registers from 0x320.
    enum Lvt : unsigned { kLvtTimer, kLvtThermal, kLvtPerformance, kLvtLint0, kLvtLint1, kLvtError, kLvtCount };

    bool hardware_enabled() const { return (apic_base_ & kEnable) != 0; }
    bool x2apic() const { return (apic_base_ & kExtended) != 0; }
    bool software_enabled() const { return (svr_ & 0x100) != 0; }

    std::uint32_t read_register(std::uint32_t offset);
    void write_register(std::uint32_t offset, std::uint32_t value);
    void write_svr(std::uint32_t value);
    void write_lvt(unsigned entry, std::uint32_t value);
    void write_icr(std::uint64_t value);
    void send_shorthand(const ApicMessage& message, unsigned shorthand);
    bool write_apic_base(std::uint64_t value);
    bool write_x2apic(std::uint32_t index, std::uint64_t value);
    void set_tpr(std::uint32_t value);
    void end_of_interrupt();
    void raise_error(std::uint32_t bit);
    void deliver_lvt(unsigned entry);
    void take_init();
    void accept_vector(std::uint8_t vector, bool level_triggered);
    bool accepts_pic() const;
    std::uint32_t logical_id() const;
    void reset();

    static constexpr std::uint64_t kEnable = 1u << 11, kExtended = 1u << 10, kBootstrap = 1u << 8;

    const std::uint32_t id_;
    ApicBus& bus_;
    ApicEvents& events_;
    Pic* pic_ = nullptr;
    LapicTimer timer_;

    std::uint64_t apic_base_;
    // Where the guest lets us say that it need not write an EOI. We never say so: its write costs no exit here.
    std::uint64_t pv_eoi_ = 0;
    std::uint32_t tpr_ = 0, svr_ = 0xff, ldr_ = 0, dfr_ = 0xffffffff;
    std::uint32_t esr_ = 0, pending_errors_ = 0;
    std::uint64_t icr_ = 0;
    std::array<std::uint32_t, kLvtCount> lvt_{};
    VectorSet irr_, isr_, tmr_;
    bool pending_ = false;
};

}  // namespace hospes::devices
