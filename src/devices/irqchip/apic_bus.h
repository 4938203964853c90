// What connects the local APICs with each other, the IOAPIC and MSIs.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "bus/msi.h"
#include "devices/irqchip/apic_message.h"

namespace hospes::devices {

class LocalApic;

class ApicBus final : public bus::MsiTarget {
  public:
    void add(LocalApic& apic) { apics_.push_back(&apic); }
    // Called with the vector of each level-triggered interrupt that is ended.
    void on_eoi(std::function<void(std::uint8_t)> listener) { eoi_listener_ = std::move(listener); }

    // The guest's local APICs are elsewhere: all messages go there, and none to those that were added.
    void forward_to(bus::MsiTarget& apics) { elsewhere_ = &apics; }

    void deliver(const ApicMessage& message);
    // Leaves out `sender`, for the shorthand "all excluding self".
    void deliver_except(const ApicMessage& message, const LocalApic* sender);
    void end_of_interrupt(std::uint8_t vector);

    // SDM volume 3, 11.11.
    void send(std::uint64_t address, std::uint32_t data) override;

  private:
    std::vector<LocalApic*> apics_;
    bus::MsiTarget* elsewhere_ = nullptr;
    std::function<void(std::uint8_t)> eoi_listener_;
};

}  // namespace hospes::devices
