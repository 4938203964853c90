// The PCI bus with its configuration ports, and the virtio devices on it.
#pragma once

#include <array>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "bus/pci/bus.h"
#include "bus/pci/config_ports.h"
#include "devices/irqchip/irqchip.h"
#include "devices/power/reset_control.h"
#include "memory/dma_observer.h"
#include "memory/guest_ram.h"
#include "virtio/device.h"

namespace hospes::machine {

class PciRoot {
  public:
    struct Setup {
        bus::AddressSpace& memory;
        bus::AddressSpace& ports;
        devices::Irqchip& irqchip;
        devices::PowerControl& power;
        memory::GuestRam& ram;
        memory::DmaObserver& observer;
        TimeSource& time;
    };
    explicit PciRoot(const Setup& setup);

    // Plugs a virtio device into the next slot. Errors: no room.
    Result<void> add(std::unique_ptr<virtio::Device> device);

  private:
    using Lines = std::array<std::unique_ptr<bus::InterruptLine>, pci::kInterruptLineCount>;

    // Byte accesses to 0xcf8..0xcfb, among them the reset control register.
    class ByteRegisters final : public bus::IoDevice {
      public:
        explicit ByteRegisters(devices::PowerControl& power) : reset_(power) {}
        std::uint64_t read(std::uint64_t offset, unsigned size) override;
        void write(std::uint64_t offset, std::uint64_t value, unsigned size) override;

      private:
        devices::ResetControl reset_;
    };

    static pci::Bus::Wiring wiring(const Setup& setup, const Lines& lines);
    static Lines connect(devices::Irqchip& irqchip);

    memory::GuestRam& ram_;
    memory::DmaObserver& observer_;
    TimeSource& time_;
    Lines lines_;
    pci::Bus bus_;
    ByteRegisters byte_registers_;
    pci::ConfigPorts config_ports_;
};

}  // namespace hospes::machine
