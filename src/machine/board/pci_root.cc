#include "machine/board/pci_root.h"

#include "virtio/transport/pci_device.h"

namespace hospes::machine {

static_assert(pci::kFirstGsi == devices::Irqchip::kFirstPciGsi);
static_assert(pci::kInterruptLineCount == devices::Irqchip::kPciGsis);

namespace {
constexpr unsigned kResetOffset = devices::ResetControl::kPort - pci::ConfigPorts::kBase;
}

std::uint64_t PciRoot::ByteRegisters::read(std::uint64_t offset, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) {
        value |= (offset + i == kResetOffset ? reset_.read(0, 1) & 0xff : 0xff) << (8 * i);
    }
    return value;
}

void PciRoot::ByteRegisters::write(std::uint64_t offset, std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
        if (offset + i == kResetOffset) reset_.write(0, (value >> (8 * i)) & 0xff, 1);
    }
}

PciRoot::Lines PciRoot::connect(devices::Irqchip& irqchip) {
    Lines lines;
    for (unsigned i = 0; i < lines.size(); ++i) lines[i] = irqchip.connect_pci(pci::kFirstGsi + i);
    return lines;
}

pci::Bus::Wiring PciRoot::wiring(const Setup& setup, const Lines& lines) {
    pci::Bus::Wiring result{setup.memory, setup.ports, setup.irqchip.apic_bus(), {}};
    for (unsigned i = 0; i < lines.size(); ++i) result.lines[i] = lines[i].get();
    return result;
}

PciRoot::PciRoot(const Setup& setup)
    : ram_(setup.ram),
      observer_(setup.observer),
      time_(setup.time),
      lines_(connect(setup.irqchip)),
      bus_(wiring(setup, lines_)),
      byte_registers_(setup.power),
      config_ports_(bus_, &byte_registers_) {
    setup.ports.attach(pci::ConfigPorts::kBase, pci::ConfigPorts::kCount, config_ports_);
}

Result<void> PciRoot::add(std::unique_ptr<virtio::Device> device) {
    HOSPES_TRY(bus_.add(std::make_unique<virtio::PciDevice>(std::move(device), ram_, observer_, time_)));
    return {};
}

}  // namespace hospes::machine
