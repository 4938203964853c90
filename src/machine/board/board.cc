#include "machine/board/board.h"

#include "machine/board/borrowed_disk.h"
#include "virtio/blk/device.h"
#include "virtio/console/device.h"
#include "virtio/console/fd_backend.h"
#include "virtio/console/socket_backend.h"
#include "virtio/rng/device.h"

namespace hospes::machine {

Result<std::unique_ptr<Board>> Board::create(const HostSide& host, const Core& core, bool debug_exit) {
    std::unique_ptr<Board> board(new Board(host, core, debug_exit));
    HOSPES_TRY(board->add_virtio_devices(host));
    return board;
}

Board::Board(const HostSide& host, const Core& core, bool debug_exit)
    : halting_(static_cast<unsigned>(core.vcpus.size()), core.held),
      observer_(core.engine),
      engine_apics_(core.engine),
      isa_({host.loop, port_space_, irqchip_, ending_, host.serial_input, host.serial_output, debug_exit}),
      pci_({memory_space_, port_space_, irqchip_, ending_, core.ram, observer_, host.loop}) {
    add_processors(host, core);
    ending_.on_request([this] {
        wake_processors();
        halting_.release();
    });
    if (core.engine.capabilities().local_apic_in_engine) use_engine_apics(core.engine);
    memory_space_.attach(devices::IoApic::kBase, devices::IoApic::kSize, irqchip_.ioapic());
    isa_.describe_memory(core.ram);
}

void Board::wake_processors() {
    for (const auto& processor : processors_) processor->signals().stop();
}

// What a debugger is told of a VM that it holds.
void Board::watch_halting(std::function<void(const Halting::Reason&)> all_stopped) {
    halting_.connect([this] { wake_processors(); }, std::move(all_stopped));
}

void Board::add_processors(const HostSide& host, const Core& core) {
    const bool apic_in_engine = core.engine.capabilities().local_apic_in_engine;
    const ClockPair start = read_clock_pair();
    for (unsigned index = 0; index < core.vcpus.size(); ++index) {
        processors_.push_back(std::make_unique<Processor>(Processor::Parts{
            index, *core.vcpus[index], apic_in_engine, core.signature, ending_, halting_, host.loop, host.lock,
            host.tsc, start, core.ram, observer_, memory_space_, port_space_, irqchip_.apic_bus()}));
    }
    devices::LocalApic& bootstrap = processors_.front()->apic();
    irqchip_.connect_bootstrap(bootstrap);
    bootstrap.set_up_virtual_wire();
}

// The bootstrap processor's own local APIC stays as firmware leaves it, and so passes on the PIC's interrupts and
// nothing else.
void Board::use_engine_apics(cpu::Engine& engine) {
    irqchip_.apic_bus().forward_to(engine_apics_);
    irqchip_.ioapic().on_level_route([&engine](unsigned pin, const devices::ApicMessage* message) {
        std::optional<cpu::InterruptMessage> route;
        if (message != nullptr) route = {devices::msi_address(*message), devices::msi_data(*message)};
        engine.set_level_route(pin, route);
    });
}

Result<void> Board::add_virtio_devices(const HostSide& host) {
    for (block::Disk* disk : host.disks) {
        HOSPES_TRY(pci_.add(virtio::blk::Device::create(std::make_unique<BorrowedDisk>(*disk))));
    }
    HOSPES_TRY(add_console(host));
    return pci_.add(virtio::rng::Device::create());
}

// hvc0 leads nowhere: standard output is the serial port's.
Result<void> Board::add_console(const HostSide& host) {
    std::vector<virtio::console::PortSetup> ports;
    ports.push_back({"", std::make_unique<virtio::console::FdBackend>(-1, -1, nullptr)});
    for (const StreamPort& port : host.ports) {
        ports.push_back({port.name, std::make_unique<virtio::console::SocketBackend>(port.socket, host.loop)});
    }
    return pci_.add(virtio::console::Device::create(std::move(ports)));
}

}  // namespace hospes::machine
