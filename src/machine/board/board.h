// The board: every device of one VM, wired up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/event/event_loop.h"
#include "block/disk.h"
#include "bus/address_space.h"
#include "bus/machine_lock.h"
#include "cpu/engine.h"
#include "devices/irqchip/irqchip.h"
#include "machine/board/ending.h"
#include "machine/board/halting.h"
#include "machine/board/isa_devices.h"
#include "machine/board/pci_root.h"
#include "machine/board/processor.h"
#include "machine/clock/tsc.h"
#include "memory/dma_observer.h"
#include "memory/guest_ram.h"
#include "virtio/console/config.h"

namespace hospes::machine {

// A named port of the console, on a connected stream socket.
struct StreamPort {
    std::string name;
    int socket = -1;
};

// The host's side of the machine; all of it outlives the board.
struct HostSide {
    EventLoop& loop;
    bus::MachineLock& lock;
    const HostTsc& tsc;
    int serial_input, serial_output;
    std::vector<block::Disk*> disks;
    std::vector<StreamPort> ports = {};  // at most kMaxStreamPorts
};
inline constexpr std::size_t kMaxStreamPorts = virtio::console::kMaxPorts - 1;  // hvc0 is one, too

// What the board surrounds; likewise.
struct Core {
    memory::GuestRam& ram;
    cpu::Engine& engine;
    std::vector<cpu::Vcpu*> vcpus;  // the bootstrap processor first
    std::uint32_t signature;        // CPUID leaf 1 EAX
    bool held = false;              // by a debugger, from the first instruction on
};

class Board {
  public:
    // Errors: no PCI slot left for a disk. Called before the event loop and the vCPUs run; destroyed after.
    static Result<std::unique_ptr<Board>> create(const HostSide& host, const Core& core, bool debug_exit);
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    std::size_t processors() const { return processors_.size(); }
    Processor& processor(std::size_t index) { return *processors_[index]; }
    Ending& ending() { return ending_; }
    Halting& halting() { return halting_; }
    void watch_halting(std::function<void(const Halting::Reason&)> all_stopped);

  private:
    // Tells the engine of what devices write into memory.
    class EngineObserver final : public memory::DmaObserver {
      public:
        explicit EngineObserver(cpu::Engine& engine) : engine_(engine) {}
        void memory_written(Gpa gpa, std::uint64_t length) override { engine_.memory_written(gpa, length); }

      private:
        cpu::Engine& engine_;
    };

    // The engine's local APICs, as the interrupt controllers see them.
    class EngineApics final : public bus::MsiTarget {
      public:
        explicit EngineApics(cpu::Engine& engine) : engine_(engine) {}
        void send(std::uint64_t address, std::uint32_t data) override { engine_.deliver({address, data}); }

      private:
        cpu::Engine& engine_;
    };

    Board(const HostSide& host, const Core& core, bool debug_exit);
    void wake_processors();
    void add_processors(const HostSide& host, const Core& core);
    void use_engine_apics(cpu::Engine& engine);
    Result<void> add_virtio_devices(const HostSide& host);
    Result<void> add_console(const HostSide& host);

    // In the order of their making: a device's line goes down before the APIC that it leads to is gone.
    Ending ending_;
    Halting halting_;
    EngineObserver observer_;
    EngineApics engine_apics_;
    bus::AddressSpace memory_space_, port_space_;
    devices::Irqchip irqchip_;
    std::vector<std::unique_ptr<Processor>> processors_;
    IsaDevices isa_;
    PciRoot pci_;
};

}  // namespace hospes::machine
