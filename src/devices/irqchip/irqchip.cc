#include "devices/irqchip/irqchip.h"

#include "devices/irqchip/lapic.h"

namespace hospes::devices {

class Irqchip::Line final : public bus::InterruptLine {
  public:
    Line(Irqchip& chip, unsigned pic_irq, unsigned pin) : chip_(chip), pic_irq_(pic_irq), pin_(pin) {}
    ~Line() override { set(false); }

    void set(bool asserted) override {
        if (asserted == asserted_) return;
        asserted_ = asserted;
        chip_.change(pic_irq_, pin_, asserted);
    }

  private:
    Irqchip& chip_;
    unsigned pic_irq_, pin_;
    bool asserted_ = false;
};

Irqchip::Irqchip()
    : pic_([this] {
          if (bootstrap_ != nullptr) bootstrap_->update();
      }) {
    pic_.elcr().write(1, 0x0c, 1);  // IRQ 10 and 11 are the PCI ones: level-triggered, as firmware would set them
}

void Irqchip::connect_bootstrap(LocalApic& apic) {
    bootstrap_ = &apic;
    apic.connect_lint0(pic_);
}

void Irqchip::change(unsigned pic_irq, unsigned pin, bool asserted) {
    const auto count = [asserted](unsigned& drivers) {
        if (asserted) return drivers++ == 0;
        return --drivers == 0;
    };
    if (count(pic_drivers_[pic_irq])) pic_.set_line(pic_irq, asserted);
    if (count(ioapic_drivers_[pin])) ioapic_.set_line(pin, asserted);
}

std::unique_ptr<bus::InterruptLine> Irqchip::connect_isa(unsigned irq) {
    return std::make_unique<Line>(*this, irq, irq == 0 ? 2 : irq);
}

std::unique_ptr<bus::InterruptLine> Irqchip::connect_pci(unsigned gsi) {
    return std::make_unique<Line>(*this, pic_irq_of_pci(gsi), gsi);
}

}  // namespace hospes::devices
