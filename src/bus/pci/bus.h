// The root PCI bus: 32 slots behind a host bridge (PCI Local Bus 3.0, 3.2.2.3).
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/address.h"
#include "base/result.h"
#include "bus/pci/function.h"

namespace hospes::pci {

// Where BARs may stand: what the ACPI _CRS of the host bridge says as well.
inline constexpr Gpa kMemoryWindowStart = 0xc0000000;
inline constexpr Gpa kMemoryWindowEnd = 0xfec00000;  // exclusive
inline constexpr std::uint32_t kIoWindowStart = 0xc000;
inline constexpr std::uint32_t kIoWindowEnd = 0x10000;

inline constexpr unsigned kSlotCount = 32;
inline constexpr unsigned kInterruptLineCount = 8;
inline constexpr unsigned kFirstGsi = 16;

// Index into the bus's interrupt lines for `pin` (0 is INTA#) of `slot`; line n is GSI kFirstGsi + n. ACPI's _PRT
// says the same.
constexpr unsigned interrupt_line_of(unsigned slot, unsigned pin) { return (slot + pin) % kInterruptLineCount; }

class Bus {
  public:
    // What the board wires the bus to; all of it outlives the bus. lines[n] is GSI kFirstGsi + n.
    struct Wiring {
        bus::AddressSpace& memory;
        bus::AddressSpace& ports;
        bus::MsiTarget& msi;
        std::array<bus::InterruptLine*, kInterruptLineCount> lines;
    };

    // A bus with its host bridge at 00:00.0.
    explicit Bus(const Wiring& wiring);
    ~Bus();

    // Plugs `function` into the first free slot, as function 0, with its BARs assigned and decoding on: no firmware
    // does it before the kernel. The slot, or why there is no room.
    Result<unsigned> add(std::unique_ptr<Function> function);

    // Configuration accesses; all ones / nothing where no function is.
    std::uint32_t read_config(unsigned slot, unsigned function, unsigned offset, unsigned size);
    void write_config(unsigned slot, unsigned function, unsigned offset, unsigned size, std::uint32_t value);

    // RST#: every function back to the state add() left it in.
    void reset();

  private:
    class SharedLine;
    class Pin;

    Result<void> assign_bars(Function& function);

    Wiring wiring_;
    std::array<std::unique_ptr<SharedLine>, kInterruptLineCount> lines_;
    std::array<std::unique_ptr<Pin>, kSlotCount> pins_;
    std::array<std::unique_ptr<Function>, kSlotCount> functions_;
    Gpa next_memory_ = kMemoryWindowStart;
    std::uint64_t next_port_ = kIoWindowStart;
};

}  // namespace hospes::pci
