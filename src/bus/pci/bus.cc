#include "bus/pci/bus.h"

namespace hospes::pci {

namespace {

// "Red Hat generic host bridge": no quirk of any guest's kernel is keyed on it, and with it present the kernel
// trusts configuration mechanism #1.
constexpr Identity kHostBridge{.vendor = 0x1b36,
                               .device = 0x0008,
                               .revision = 0,
                               .class_code = 0x060000,
                               .subsystem_vendor = 0x1af4,
                               .subsystem = 0x1100,
                               .has_interrupt_pin = false};

Result<std::uint64_t> take(std::uint64_t& next, std::uint64_t end, std::uint64_t size) {
    const std::uint64_t address = (next + size - 1) & ~(size - 1);
    if (address > end || size > end - address) return Error("no PCI address space left for another device");
    next = address + size;
    return address;
}

}  // namespace

// One input of the interrupt controller with several pins on it: asserted while any of them is.
class Bus::SharedLine {
  public:
    explicit SharedLine(bus::InterruptLine* line) : line_(line) {}

    void set(unsigned slot, bool asserted) {
        const std::uint32_t before = asserting_;
        asserting_ = asserted ? before | 1u << slot : before & ~(1u << slot);
        if (line_ != nullptr && (before != 0) != (asserting_ != 0)) line_->set(asserting_ != 0);
    }

  private:
    bus::InterruptLine* line_;
    std::uint32_t asserting_ = 0;  // bit per slot
};

class Bus::Pin final : public bus::InterruptLine {
  public:
    Pin(SharedLine& line, unsigned slot) : line_(line), slot_(slot) {}
    void set(bool asserted) override { line_.set(slot_, asserted); }

  private:
    SharedLine& line_;
    unsigned slot_;
};

Bus::Bus(const Wiring& wiring) : wiring_(wiring) {
    for (unsigned i = 0; i < kInterruptLineCount; ++i) lines_[i] = std::make_unique<SharedLine>(wiring.lines[i]);
    functions_[0] = std::make_unique<Function>(kHostBridge);
    functions_[0]->power_on(command::kMemory | command::kBusMaster, 0);
}

Bus::~Bus() = default;

Result<unsigned> Bus::add(std::unique_ptr<Function> function) {
    unsigned slot = 1;
    while (slot < kSlotCount && functions_[slot]) ++slot;
    if (slot == kSlotCount) {
        return Error("no PCI slot left: the machine takes " + std::to_string(kSlotCount - 1) + " devices");
    }
    HOSPES_TRY(assign_bars(*function));
    const unsigned line = interrupt_line_of(slot, 0);
    pins_[slot] = std::make_unique<Pin>(*lines_[line], slot);
    function->connect({&wiring_.memory, &wiring_.ports, pins_[slot].get(), &wiring_.msi});
    function->power_on(command::kMemory | command::kIo, static_cast<std::uint8_t>(kFirstGsi + line));
    functions_[slot] = std::move(function);
    return slot;
}

Result<void> Bus::assign_bars(Function& function) {
    for (unsigned i = 0; i < kBarCount; ++i) {
        const std::uint64_t size = function.bar_size(i);
        if (size == 0) continue;
        if (function.bar_kind(i) == BarKind::Io) {
            function.place_bar(i, HOSPES_TRY(take(next_port_, kIoWindowEnd, size)));
        } else {
            function.place_bar(i, HOSPES_TRY(take(next_memory_, kMemoryWindowEnd, size)));
        }
    }
    return {};
}

std::uint32_t Bus::read_config(unsigned slot, unsigned function, unsigned offset, unsigned size) {
    if (slot >= kSlotCount || function != 0 || !functions_[slot]) return ~0u;
    return functions_[slot]->read_config(offset, size);
}

void Bus::write_config(unsigned slot, unsigned function, unsigned offset, unsigned size, std::uint32_t value) {
    if (slot >= kSlotCount || function != 0 || !functions_[slot]) return;
    functions_[slot]->write_config(offset, size, value);
}

void Bus::reset() {
    for (const auto& function : functions_) {
        if (function) function->reset();
    }
}

}  // namespace hospes::pci
