#include "bus/pci/function.h"

#include <cassert>

namespace hospes::pci {

namespace {

constexpr std::uint32_t kIoBar = 1;
constexpr std::uint32_t kMemory64Bar = 4;
constexpr unsigned kMessageControl = 2;  // offset in the MSI-X capability

unsigned bar_register(unsigned index) { return reg::kBar0 + 4 * index; }

}  // namespace

Function::Function(const Identity& identity) {
    config_.set(reg::kVendor, 2, identity.vendor);
    config_.set(reg::kDevice, 2, identity.device);
    config_.set(reg::kRevision, 1, identity.revision);
    config_.set(reg::kClass, 2, identity.class_code & 0xffff);
    config_.set(reg::kClass + 2, 1, identity.class_code >> 16);
    config_.set(reg::kSubsystemVendor, 2, identity.subsystem_vendor);
    config_.set(reg::kSubsystem, 2, identity.subsystem);
    config_.set(reg::kInterruptPin, 1, identity.has_interrupt_pin ? 1 : 0);
    config_.set_writable(reg::kCommand, 2, command::kWritable);
    config_.set_writable(reg::kCacheLine, 1, 0xff);
    config_.set_writable(reg::kInterruptLine, 1, 0xff);
}

void Function::add_bar(unsigned index, BarKind kind, std::uint64_t size, bus::IoDevice& contents) {
    assert(index + (kind == BarKind::Memory64 ? 1 : 0) < kBarCount && (size & (size - 1)) == 0 &&
           size >= (kind == BarKind::Io ? 4 : 16));
    bars_[index].kind = kind;
    bars_[index].size = size;
    bars_[index].contents = &contents;
    const std::uint64_t address_bits = ~(size - 1);
    const unsigned low = bar_register(index);
    // A BAR's bits below its size read as zero whatever is written: that is how software learns the size (6.2.5.1).
    config_.set(low, 4, kind == BarKind::Io ? kIoBar : kind == BarKind::Memory64 ? kMemory64Bar : 0);
    config_.set_writable(low, 4, static_cast<std::uint32_t>(address_bits));
    if (kind == BarKind::Memory64) config_.set_writable(low + 4, 4, static_cast<std::uint32_t>(address_bits >> 32));
}

unsigned Function::add_capability(std::uint8_t id, std::span<const std::uint8_t> body) {
    const unsigned offset = next_capability_;
    assert(offset + 2 + body.size() <= kConfigSize);
    config_.set(offset, 1, id);
    for (unsigned i = 0; i < body.size(); ++i) config_.set(offset + 2 + i, 1, body[i]);
    config_.set(last_capability_ == 0 ? reg::kCapabilities : last_capability_ + 1, 1, offset);
    config_.set(reg::kStatus, 2, config_.get(reg::kStatus, 2) | status::kCapabilities);
    last_capability_ = offset;
    next_capability_ = static_cast<unsigned>(offset + 2 + body.size() + 3) & ~3u;
    return offset;
}

void Function::add_msix(unsigned vectors, unsigned bar) {
    assert(vectors >= 1 && vectors <= msix::kMaxVectors);
    msix_ = std::make_unique<Msix>(vectors);
    add_bar(bar, BarKind::Memory64, msix_->bar_size(), *msix_);
    const std::array<std::uint8_t, 10> body{};
    msix_capability_ = add_capability(capability::kMsix, body);
    config_.set(msix_capability_ + kMessageControl, 2, vectors - 1);
    config_.set_writable(msix_capability_ + kMessageControl, 2, msix::kEnable | msix::kFunctionMask);
    config_.set(msix_capability_ + 4, 4, bar);  // table at offset 0
    config_.set(msix_capability_ + 8, 4, msix_->pba_offset() | bar);
}

std::uint32_t Function::read_config(unsigned offset, unsigned size) {
    before_config_read(offset, size);
    return config_.read(offset, size);
}

void Function::write_config(unsigned offset, unsigned size, std::uint32_t value) {
    config_.write(offset, size, value);
    if (overlaps(offset, size, reg::kCommand, 2) || overlaps(offset, size, reg::kBar0, 4 * kBarCount)) {
        update_decoding();
    }
    const bool msix_control = msix_ && overlaps(offset, size, msix_capability_ + kMessageControl, 2);
    if (overlaps(offset, size, reg::kCommand, 2) || msix_control) update_interrupts();
    after_config_write(offset, size);
}

void Function::connect(const Connections& connections) {
    connections_ = connections;
    if (msix_ && connections.msi != nullptr) msix_->connect(*connections.msi);
}

void Function::place_bar(unsigned index, std::uint64_t address) {
    config_.write(bar_register(index), 4, static_cast<std::uint32_t>(address));
    if (bars_[index].kind == BarKind::Memory64) {
        config_.write(bar_register(index) + 4, 4, static_cast<std::uint32_t>(address >> 32));
    }
}

void Function::power_on(std::uint16_t command, std::uint8_t interrupt_line) {
    config_.write(reg::kCommand, 2, command);
    config_.write(reg::kInterruptLine, 1, interrupt_line);
    power_on_config_ = config_;
    update_decoding();
    update_interrupts();
}

void Function::reset() {
    reset_device();
    config_ = power_on_config_;
    if (msix_) msix_->reset();
    interrupt_asserted_ = false;
    update_decoding();
    update_interrupts();
}

std::uint64_t Function::bar_address(unsigned index) const {
    const Bar& bar = bars_[index];
    std::uint64_t address = config_.get(bar_register(index), 4);
    if (bar.kind == BarKind::Memory64) address |= std::uint64_t{config_.get(bar_register(index) + 4, 4)} << 32;
    return address & ~(bar.size - 1);
}

// Attaches and detaches BARs so that they answer where, and only when, the registers say.
void Function::update_decoding() {
    const std::uint32_t command = config_.get(reg::kCommand, 2);
    for (unsigned i = 0; i < kBarCount; ++i) {
        Bar& bar = bars_[i];
        if (bar.size == 0) continue;
        const bool is_io = bar.kind == BarKind::Io;
        bus::AddressSpace* space = is_io ? connections_.ports : connections_.memory;
        if (space == nullptr) continue;
        const std::uint64_t address = bar_address(i);
        // Address 0 is where an unassigned BAR stands: it answers nowhere.
        const bool decoded = (command & (is_io ? command::kIo : command::kMemory)) != 0 && address != 0;
        const bool attached = bar.handle != bus::AddressSpace::kNone;
        if (decoded == attached && (!decoded || address == bar.mapped_at)) continue;
        space->detach(bar.handle);
        bar.handle = decoded ? space->attach(address, bar.size, *bar.contents) : bus::AddressSpace::kNone;
        bar.mapped_at = address;
    }
}

void Function::update_interrupts() {
    if (msix_) {
        const std::uint32_t control = config_.get(msix_capability_ + kMessageControl, 2);
        msix_enabled_ = (control & msix::kEnable) != 0;
        msix_->set_control(msix_enabled_ && bus_master(), (control & msix::kFunctionMask) != 0);
    }
    set_interrupt(interrupt_asserted_);
}

void Function::set_interrupt(bool asserted) {
    interrupt_asserted_ = asserted;
    const std::uint32_t others = config_.get(reg::kStatus, 2) & ~std::uint32_t{status::kInterrupt};
    config_.set(reg::kStatus, 2, others | (asserted ? status::kInterrupt : 0));
    const bool disabled = (config_.get(reg::kCommand, 2) & command::kInterruptDisable) != 0 || msix_enabled_;
    if (connections_.interrupt != nullptr) connections_.interrupt->set(asserted && !disabled);
}

}  // namespace hospes::pci
