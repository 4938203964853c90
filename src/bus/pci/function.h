// One PCI function: configuration header, base addresses, capabilities, interrupts (PCI Local Bus 3.0, chapter 6).
//
// A device derives from it, declares BARs and capabilities in its constructor and is then given to Bus::add().
// Everything runs with the machine lock held.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "bus/address_space.h"
#include "bus/interrupt_line.h"
#include "bus/msi.h"
#include "bus/pci/config_space.h"
#include "bus/pci/msix.h"

namespace hospes::pci {

// The read-only identity of a function (6.2.1, 6.2.4).
struct Identity {
    std::uint16_t vendor = 0xffff;
    std::uint16_t device = 0;
    std::uint8_t revision = 0;
    std::uint32_t class_code = 0;  // class << 16 | subclass << 8 | programming interface
    std::uint16_t subsystem_vendor = 0;
    std::uint16_t subsystem = 0;
    bool has_interrupt_pin = false;  // INTA#
};

enum class BarKind : std::uint8_t { Memory32, Memory64, Io };

// What a bus gives a function that is plugged into it. All outlive the function's use.
struct Connections {
    bus::AddressSpace* memory = nullptr;
    bus::AddressSpace* ports = nullptr;
    bus::InterruptLine* interrupt = nullptr;
    bus::MsiTarget* msi = nullptr;
};

class Function {
  public:
    explicit Function(const Identity& identity);
    virtual ~Function() = default;
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;

    // Configuration accesses of software; `offset` below 256, `size` 1, 2 or 4.
    std::uint32_t read_config(unsigned offset, unsigned size);
    void write_config(unsigned offset, unsigned size, std::uint32_t value);

    // For the bus, in this order: connect, place every BAR with a size, then power_on with the Command register that
    // firmware would leave behind. reset() comes back to that state.
    void connect(const Connections& connections);
    std::uint64_t bar_size(unsigned index) const { return bars_[index].size; }
    BarKind bar_kind(unsigned index) const { return bars_[index].kind; }
    void place_bar(unsigned index, std::uint64_t address);
    void power_on(std::uint16_t command, std::uint8_t interrupt_line);
    void reset();

    bool bus_master() const { return (config_.get(reg::kCommand, 2) & command::kBusMaster) != 0; }

  protected:
    // Declares BAR `index` (two of them for Memory64): `size` is a power of two, at least 16 (I/O: 4 .. 256).
    void add_bar(unsigned index, BarKind kind, std::uint64_t size, bus::IoDevice& contents);
    // Appends a capability with `body` after its two header bytes; its offset (6.7). Read-only until
    // config().set_writable() says otherwise.
    unsigned add_capability(std::uint8_t id, std::span<const std::uint8_t> body);
    // Adds the MSI-X capability with table and pending bits in a BAR of their own (6.8.2).
    void add_msix(unsigned vectors, unsigned bar);

    ConfigSpace& config() { return config_; }
    const ConfigSpace& config() const { return config_; }
    bool msix_enabled() const { return msix_enabled_; }
    // Sends MSI-X vector `vector`, if enabled.
    void signal_msix(unsigned vector) {
        if (msix_) msix_->signal(vector);
    }
    // The level that the function drives on INTA#; it reaches the wire unless disabled or MSI-X is on.
    void set_interrupt(bool asserted);

    // Software is about to read / has written the range: for registers with side effects.
    virtual void before_config_read(unsigned /*offset*/, unsigned /*size*/) {}
    virtual void after_config_write(unsigned /*offset*/, unsigned /*size*/) {}
    // RST#: back to the state of construction, apart from what this class holds.
    virtual void reset_device() {}

  private:
    struct Bar {
        BarKind kind = BarKind::Memory32;
        std::uint64_t size = 0;
        bus::IoDevice* contents = nullptr;
        std::uint64_t mapped_at = 0;
        bus::AddressSpace::Handle handle = bus::AddressSpace::kNone;
    };

    std::uint64_t bar_address(unsigned index) const;
    void update_decoding();
    void update_interrupts();

    ConfigSpace config_;
    ConfigSpace power_on_config_;
    std::array<Bar, kBarCount> bars_{};
    Connections connections_;
    std::unique_ptr<Msix> msix_;
    unsigned msix_capability_ = 0;
    unsigned last_capability_ = 0;
    unsigned next_capability_ = reg::kFirstCapability;
    bool msix_enabled_ = false;
    bool interrupt_asserted_ = false;
};

}  // namespace hospes::pci
