#include "devices/irqchip/apic_bus.h"

#include "devices/irqchip/lapic.h"

namespace hospes::devices {

void ApicBus::deliver(const ApicMessage& message) {
    if (elsewhere_ == nullptr) return deliver_except(message, nullptr);
    elsewhere_->send(msi_address(message), msi_data(message));
}

void ApicBus::deliver_except(const ApicMessage& message, const LocalApic* sender) {
    LocalApic* best = nullptr;
    for (LocalApic* apic : apics_) {
        if (apic == sender || !apic->matches(message)) continue;
        if (message.mode != DeliveryMode::LowestPriority) {
            apic->accept(message);
        } else if (!apic->arbitrates()) {
            continue;
        } else if (best == nullptr || apic->processor_priority() < best->processor_priority()) {
            best = apic;
        }
    }
    if (best != nullptr) best->accept(message);
}

void ApicBus::end_of_interrupt(std::uint8_t vector) {
    if (eoi_listener_) eoi_listener_(vector);
}

void ApicBus::send(std::uint64_t address, std::uint32_t data) {
    if ((address >> 20) != 0xfee) return;
    if (elsewhere_ != nullptr) return elsewhere_->send(address, data);
    ApicMessage message;
    message.logical = (address & 4) != 0;
    message.destination = destination_from_8_bits(static_cast<std::uint8_t>(address >> 12), message.logical);
    message.mode = static_cast<DeliveryMode>((data >> 8) & 7);
    message.vector = static_cast<std::uint8_t>(data);
    message.level_triggered = (data & 0x8000) != 0;
    deliver(message);
}

}  // namespace hospes::devices
