#include "machine/board/board.h"

#include "machine/board/borrowed_disk.h"
#include "virtio/blk/device.h"
#include "virtio/console/device.h"
#include "virtio/console/fd_backend.h"
#include "virtio/rng/device.h"

namespace hospes::machine {

Result<std::unique_ptr<Board>> Board::create(const HostSide& host, const Core& core, bool debug_exit) {
    std::unique_ptr<Board> board(new Board(host, core, debug_exit));
    HOSPES_TRY(board->add_virtio_devices(host.disks));
    return board;
}

Board::Board(const HostSide& host, const Core& core, bool debug_exit)
    : signals_(core.vcpu, ending_),
      observer_(core.engine),
      apic_(0, irqchip_.apic_bus(), host.loop, host.tsc, signals_),
      clock_(core.ram, host.tsc, [this](Gpa gpa, std::uint64_t length) { observer_.memory_written(gpa, length); }),
      isa_({host.loop, port_space_, irqchip_, ending_, host.serial_input, host.serial_output, debug_exit}),
      pci_({memory_space_, port_space_, irqchip_, ending_, core.ram, observer_}),
      port_({host.lock, memory_space_, port_space_, apic_, clock_, signals_}) {
    ending_.on_request([this] { signals_.stop(); });
    irqchip_.connect_bootstrap(apic_);
    apic_.set_up_virtual_wire();
    memory_space_.attach(devices::IoApic::kBase, devices::IoApic::kSize, irqchip_.ioapic());
    isa_.describe_memory(core.ram);
}

Result<void> Board::add_virtio_devices(const std::vector<block::Disk*>& disks) {
    for (block::Disk* disk : disks) {
        HOSPES_TRY(pci_.add(virtio::blk::Device::create(std::make_unique<BorrowedDisk>(*disk))));
    }
    // hvc0 leads nowhere: standard output is the serial port's.
    std::vector<virtio::console::PortSetup> consoles;
    consoles.push_back({"", std::make_unique<virtio::console::FdBackend>(-1, -1, nullptr)});
    HOSPES_TRY(pci_.add(virtio::console::Device::create(std::move(consoles))));
    return pci_.add(virtio::rng::Device::create());
}

}  // namespace hospes::machine
