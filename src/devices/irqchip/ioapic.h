// The I/O APIC, 24 inputs (Intel 82093AA data sheet; version 0x20 with the EOI register of the ICH, 12.5.3).
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "bus/io_device.h"
#include "devices/irqchip/apic_bus.h"

namespace hospes::devices {

class IoApic final : public bus::IoDevice {
  public:
    static constexpr unsigned kPins = 24;
    static constexpr std::uint64_t kBase = 0xfec00000;
    static constexpr std::uint64_t kSize = 0x1000;

    explicit IoApic(ApicBus& bus);

    // Called with what a pin sends, or nullptr if it is masked or edge-triggered, when that may have changed.
    void on_level_route(std::function<void(unsigned pin, const ApicMessage* message)> listener) {
        route_listener_ = std::move(listener);
    }

    void set_line(unsigned pin, bool asserted);
    // A local APIC ended the level-triggered interrupt `vector`.
    void end_of_interrupt(std::uint8_t vector);

    std::uint64_t read(std::uint64_t offset, unsigned size) override;
    void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;

  private:
    std::uint32_t read_indirect() const;
    void write_indirect(std::uint32_t value);
    void service(unsigned pin);
    static ApicMessage message_of(std::uint64_t entry);
    void tell_route(unsigned pin);

    ApicBus& bus_;
    std::function<void(unsigned, const ApicMessage*)> route_listener_;
    std::uint8_t select_ = 0;
    std::uint32_t id_ = 0;
    std::uint32_t lines_ = 0;
    std::array<std::uint64_t, kPins> entries_;
};

}  // namespace hospes::devices
