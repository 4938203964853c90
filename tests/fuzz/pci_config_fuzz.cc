// A hostile guest and a whole PCI bus: configuration ports, device memory wherever BARs go, guest RAM under the rings.
//
// Promises: no crash, no endless loop, identities stay what they are.
#include <algorithm>
#include <vector>

#include "base/manual_time.h"
#include "bus/pci/bus.h"
#include "bus/pci/config_ports.h"
#include "fuzz_input.h"
#include "virtio/blk/device.h"
#include "virtio/console/device.h"
#include "virtio/rng/device.h"
#include "virtio/transport/pci_device.h"

namespace {

using namespace hospes;
using fuzz::FuzzInput;
using fuzz::require;

constexpr std::uint64_t kRamSize = 1 << 20;

memory::GuestRam& ram() {
    static const auto instance = memory::GuestRam::create(kRamSize).take();
    return *instance;
}

struct CheckingObserver final : memory::DmaObserver {
    void memory_written(Gpa gpa, std::uint64_t length) override { require(ram().host(gpa, length) != nullptr); }
};

// Accepts every request that passes the check, and touches the buffers as a real disk would.
struct FakeDisk final : block::Disk {
    std::uint64_t size() const override { return 64 * 512; }
    bool read_only() const override { return false; }
    const std::string& serial() const override { return name; }
    std::optional<block::Status> submit(const block::Request& request, block::Completion&) override {
        const block::Status status = block::check(request, size(), false);
        if (status != block::Status::Ok || request.operation != block::Operation::Read) return status;
        for (const iovec& part : request.segments) std::memset(part.iov_base, 0x5a, part.iov_len);
        return status;
    }
    std::string name = "fuzz";
};

// A peer that now and then takes nothing, and whose input has an end.
struct FakeBackend final : virtio::console::Backend {
    std::size_t output(std::span<const iovec> data) override {
        return std::min<std::uint64_t>(virtio::total_length(data), ++calls % 4 * 16);
    }
    std::size_t input(std::span<const iovec> data) override {
        return left == 0 ? 0 : (--left, virtio::copy_in(data, 0, "x", 1));
    }
    bool input_ended() const override { return left == 0; }
    void want_input(bool wanted, std::function<void()> call) override { input_ready = wanted ? call : nullptr; }
    void want_output(bool wanted, std::function<void()> call) override { output_ready = wanted ? call : nullptr; }
    void turn() {
        for (const auto& call : {input_ready, output_ready}) {
            if (call) call();
        }
    }
    int left = 4;
    unsigned calls = 0;
    std::function<void()> input_ready, output_ready;
};

struct NoMessages final : bus::MsiTarget {
    void send(std::uint64_t, std::uint32_t) override {}
};

class Machine {
  public:
    Machine() {
        ports.attach(pci::ConfigPorts::kBase, pci::ConfigPorts::kCount, config);
        add(virtio::blk::Device::create(std::make_unique<FakeDisk>()));
        std::vector<virtio::console::PortSetup> setups;
        for (const char* name : {"", "agent"}) {
            setups.push_back({name, std::make_unique<FakeBackend>()});
            backends.push_back(static_cast<FakeBackend*>(setups.back().backend.get()));
        }
        add(virtio::console::Device::create(std::move(setups)));
        add(virtio::rng::Device::create());
    }
    void add(std::unique_ptr<virtio::Device> device) {
        require(pci_bus.add(std::make_unique<virtio::PciDevice>(std::move(device), ram(), observer, time)).ok());
    }

    CheckingObserver observer;
    bus::AddressSpace memory, ports;
    NoMessages msi;
    ManualTime time;
    std::vector<FakeBackend*> backends;
    pci::Bus pci_bus{{memory, ports, msi, {}}};
    pci::ConfigPorts config{pci_bus, nullptr};
};

unsigned width(std::uint8_t byte) { return 1u << (byte & 3); }

// Somewhere in the structures of one of the devices, or anywhere.
std::uint64_t take_mmio(FuzzInput& input) {
    const auto raw = input.take<std::uint32_t>();
    const std::uint64_t page = raw >> 8 & 7, slot = (raw >> 11 & 3) % 3;
    if (raw >> 28 == 0xf) return raw;
    return pci::kMemoryWindowStart + slot * 0x8000 + page * 0x1000 + (raw & (page == 0 ? 0x3f : 0xff));
}

void run(Machine& machine, FuzzInput& input) {
    const auto operation = input.take<std::uint8_t>();
    const unsigned size = width(operation >> 4);
    switch (operation & 7) {
        case 0: {
            const auto raw = input.take<std::uint16_t>();
            const std::uint32_t address = 1u << 31 | (raw & 3u) << 11 | (raw >> 2 & 0xfcu);
            machine.ports.write(0xcf8, address, 4);
            machine.ports.write(0xcfc + (raw >> 14), input.take<std::uint32_t>(), size > 4 ? 4 : size);
            break;
        }
        case 1: machine.ports.read(0xcf8 + input.take<std::uint8_t>() % 8, size > 4 ? 4 : size); break;
        case 2: machine.memory.read(take_mmio(input), size); break;
        case 3:
        case 4: {
            const std::uint64_t address = take_mmio(input);
            machine.memory.write(address, input.take<std::uint32_t>(), size);
            break;
        }
        case 5:
        case 6: {
            const auto value = input.take<std::uint64_t>();
            ram().write(input.take<std::uint16_t>(), &value, size);
            break;
        }
        case 7:
            if (operation == 0xff) machine.pci_bus.reset();
            for (FakeBackend* backend : machine.backends) backend->turn();
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    Machine machine;
    std::memset(ram().host(0, 0x20000), 0, 0x20000);
    while (!input.empty()) run(machine, input);
    require(machine.pci_bus.read_config(1, 0, 0, 4) == 0x10421af4);
    require(machine.pci_bus.read_config(2, 0, 0, 4) == 0x10431af4);
    require(machine.pci_bus.read_config(3, 0, 0, 4) == 0x10441af4);
    return 0;
}
