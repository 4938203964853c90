// A hostile guest and a whole board: every port, every page of device memory, the platform's MSRs, on two CPUs, while
// time passes. Interrupt controllers, timers, clock, power, serial port, PCI and what is plugged there.
//
// Promises: no crash, no endless loop; what is read from ports fits the access; an interrupt that is
// pending can be taken; devices write to RAM alone.
//
// Input: operations, of a byte and what that one takes.
#include <fcntl.h>

#include <memory>
#include <mutex>

#include "fuzz_input.h"
#include "machine/board/board.h"

namespace {

using namespace hospes;
using namespace hospes::machine;
using fuzz::FuzzInput;
using fuzz::require;

class IdleVcpu final : public cpu::Vcpu {
  public:
    cpu::Exit run(cpu::VcpuHost&) override { return {cpu::ExitReason::Kicked, {}}; }
    void notify() override {}
    cpu::VcpuState state() const override { return {}; }
    Result<void> set_state(const cpu::VcpuState&) override { return {}; }
};

class IdleEngine final : public cpu::Engine {
  public:
    cpu::Capabilities capabilities() const override { return {"idle", false, 2}; }
    Result<std::unique_ptr<cpu::Vcpu>> create_vcpu(unsigned) override { return Error("unused"); }
    void memory_written(Gpa gpa, std::uint64_t length) override { require(length == 0 || ram->host(gpa, length)); }
    std::string counters() const override { return {}; }

    memory::GuestRam* ram = nullptr;
};

class Machine {
  public:
    explicit Machine(bool debug_exit) {
        static const HostTsc tsc;  // measured once
        static const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        engine_.ram = ram_.get();
        const HostSide host{*loop_, lock_, tsc, -1, nowhere, {}};
        board_ = Board::create(host, {*ram_, engine_, {&first_, &second_}, 0x12345}, debug_exit).take();
    }
    cpu::VcpuHost& host(unsigned cpu) { return board_->processor(cpu & 1).host(); }
    void let_timers_fire() {
        const std::lock_guard guard(lock_);
        loop_->run_due_timers();
    }

  private:
    bus::MachineLock lock_;
    std::unique_ptr<EventLoop> loop_ = EventLoop::create(lock_).take();
    std::unique_ptr<memory::GuestRam> ram_ = memory::GuestRam::create(16 << 20).take();
    IdleEngine engine_;
    IdleVcpu first_, second_;
    std::unique_ptr<Board> board_;
};

// A port that somebody answers, or any.
std::uint16_t take_port(FuzzInput& input) {
    static constexpr std::uint16_t kPorts[] = {0x20,  0x21,  0x40,  0x41,  0x42,  0x43,  0x60,  0x61,  0x64,
                                               0x70,  0x71,  0x80,  0x92,  0xa0,  0xa1,  0xf4,  0x3f8, 0x3f9,
                                               0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff, 0x4d0, 0x4d1, 0x600,
                                               0x604, 0x608, 0xcf8, 0xcf9, 0xcfa, 0xcfc, 0xcfd, 0xcfe, 0xcff};
    const auto choice = input.take<std::uint8_t>();
    return choice < 252 ? kPorts[choice % std::size(kPorts)] : input.take<std::uint16_t>();
}

// Registers of the IOAPIC, a local APIC and the first PCI windows, or anywhere.
Gpa take_address(FuzzInput& input) {
    const auto choice = input.take<std::uint8_t>();
    const auto offset = input.take<std::uint16_t>();
    switch (choice & 7) {
        case 0: return devices::IoApic::kBase + (offset & 0x1f);
        case 1: return devices::IoApic::kBase + 0x10;
        case 2: return 0xfed0'0000 + offset;
        case 3: return pci::kMemoryWindowStart + (choice >> 3) * 0x1000 + (offset & 0xfff);
        case 4: return Gpa{input.take<std::uint32_t>()} << (choice >> 3 & 15) | offset;
        default: return 0xfee0'0000 + (offset & 0xffc);
    }
}

std::uint32_t take_msr(FuzzInput& input) {
    const auto choice = input.take<std::uint8_t>();
    switch (choice & 7) {
        case 0: return 0x1b;   // IA32_APIC_BASE
        case 1: return 0x6e0;  // IA32_TSC_DEADLINE
        case 2: return 0x4b56'4d00 + (choice >> 3);
        case 3: return input.take<std::uint32_t>();
        default: return 0x800 + input.take<std::uint8_t>();  // x2APIC
    }
}

void step(FuzzInput& input, Machine& machine) {
    const auto operation = input.take<std::uint8_t>();
    cpu::VcpuHost& host = machine.host(operation >> 7);
    const unsigned size = 1u << (operation >> 4 & 3);
    const unsigned port_size = size == 8 ? 4 : size;
    switch (operation & 15) {
        case 0:
        case 1:
        case 2: {
            const std::uint16_t port = take_port(input);
            return host.port_write(port, input.take<std::uint32_t>(), port_size);
        }
        case 3: {
            const std::uint32_t value = host.port_read(take_port(input), port_size);
            return require(port_size == 4 || value >> 8 * port_size == 0);
        }
        case 4:
        case 5:
        case 6: {
            const Gpa address = take_address(input);
            return host.mmio_write(address, input.take<std::uint64_t>(), size);
        }
        case 7: return static_cast<void>(host.mmio_read(take_address(input), size));
        case 8:
        case 9: {
            const std::uint32_t index = take_msr(input);
            return static_cast<void>(host.msr_write(index, input.take<std::uint64_t>()));
        }
        case 10: return static_cast<void>(host.msr_read(take_msr(input)));
        case 11: return host.set_task_priority(input.take<std::uint8_t>() & 15);
        case 12:
        case 13: {
            const bool pending = host.interrupt_pending();
            return require(!pending || host.acknowledge_interrupt().has_value());
        }
        case 14: return host.nmi_pending() ? host.take_nmi() : static_cast<void>(host.task_priority());
        default: return machine.let_timers_fire();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzInput input(data, size);
    Machine machine((input.take<std::uint8_t>() & 1) != 0);
    while (!input.empty()) step(input, machine);
    return 0;
}
