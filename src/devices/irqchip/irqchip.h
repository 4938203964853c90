// All interrupt controllers of the board but the local APICs, and the wires to them.
#pragma once

#include <array>
#include <memory>

#include "bus/interrupt_line.h"
#include "devices/irqchip/apic_bus.h"
#include "devices/irqchip/ioapic.h"
#include "devices/irqchip/pic.h"

namespace hospes::devices {

// Wiring: ISA IRQ n is PIC input n and IOAPIC pin n, but IRQ 0 is pin 2 (as the MADT says). A PCI interrupt is IOAPIC
// pin 16..23, and PIC input 10 or 11 for guests without an IOAPIC.
class Irqchip {
  public:
    static constexpr unsigned kFirstPciGsi = 16;
    static constexpr unsigned kPciGsis = 8;

    Irqchip();

    // The bootstrap processor's local APIC, which the PIC's output goes to. Once, before anything else.
    void connect_bootstrap(LocalApic& apic);

    // A new wire; several on one input are ORed. The lines must not outlive the Irqchip.
    std::unique_ptr<bus::InterruptLine> connect_isa(unsigned irq);
    std::unique_ptr<bus::InterruptLine> connect_pci(unsigned gsi);
    // The PIC input behind a PCI interrupt: what firmware writes into the Interrupt Line register.
    static unsigned pic_irq_of_pci(unsigned gsi) { return 10 + (gsi & 1); }

    ApicBus& apic_bus() { return apic_bus_; }
    Pic& pic() { return pic_; }
    IoApic& ioapic() { return ioapic_; }

  private:
    class Line;
    void change(unsigned pic_irq, unsigned pin, bool asserted);

    ApicBus apic_bus_;
    LocalApic* bootstrap_ = nullptr;
    Pic pic_;
    IoApic ioapic_{apic_bus_};
    std::array<unsigned, 16> pic_drivers_{};  // how many wires assert each input
    std::array<unsigned, IoApic::kPins> ioapic_drivers_{};
};

}  // namespace hospes::devices
