#include "devices/irqchip/ioapic.h"

namespace hospes::devices {

namespace {
constexpr std::uint64_t kDeliveryStatus = 1u << 12, kRemoteIrr = 1u << 14, kLevel = 1u << 15, kMask = 1u << 16;
constexpr std::uint64_t kReadOnly = kDeliveryStatus | kRemoteIrr;
constexpr std::uint64_t kWritable = 0xff0000000001ffff & ~kReadOnly;
constexpr std::uint32_t kVersion = 0x20 | (IoApic::kPins - 1) << 16;

enum Offset : std::uint64_t { kSelect = 0x00, kWindow = 0x10, kEoi = 0x40 };
enum Index : std::uint8_t { kIdIndex = 0, kVersionIndex = 1, kArbitrationIndex = 2, kRedirectionFirst = 0x10 };
}  // namespace

IoApic::IoApic(ApicBus& bus) : bus_(bus) {
    entries_.fill(kMask);
    bus_.on_eoi([this](std::uint8_t vector) { end_of_interrupt(vector); });
}

ApicMessage IoApic::message_of(std::uint64_t entry) {
    ApicMessage message;
    message.vector = static_cast<std::uint8_t>(entry);
    message.mode = static_cast<DeliveryMode>((entry >> 8) & 7);
    message.logical = (entry & 0x800) != 0;
    message.level_triggered = (entry & kLevel) != 0;
    message.destination = destination_from_8_bits(static_cast<std::uint8_t>(entry >> 56), message.logical);
    return message;
}

void IoApic::tell_route(unsigned pin) {
    if (!route_listener_) return;
    const ApicMessage message = message_of(entries_[pin]);
    const bool active = message.level_triggered && !(entries_[pin] & kMask);
    route_listener_(pin, active ? &message : nullptr);
}

// Sends a level-triggered pin's interrupt if it is due. An edge is sent by set_line() alone: while masked it is lost.
void IoApic::service(unsigned pin) {
    std::uint64_t& entry = entries_[pin];
    const bool due = (lines_ >> pin & 1u) && !(entry & (kMask | kRemoteIrr)) && (entry & kLevel);
    if (!due) return;
    entry |= kRemoteIrr;
    bus_.deliver(message_of(entry));
}

void IoApic::set_line(unsigned pin, bool asserted) {
    const std::uint32_t bit = 1u << pin;
    const bool rising = asserted && !(lines_ & bit);
    lines_ = asserted ? lines_ | bit : lines_ & ~bit;
    const std::uint64_t entry = entries_[pin];
    if (entry & kLevel) return service(pin);
    if (rising && !(entry & kMask)) bus_.deliver(message_of(entry));
}

void IoApic::end_of_interrupt(std::uint8_t vector) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
        std::uint64_t& entry = entries_[pin];
        if (static_cast<std::uint8_t>(entry) != vector || !(entry & kRemoteIrr)) continue;
        entry &= ~kRemoteIrr;
        service(pin);
    }
}

std::uint32_t IoApic::read_indirect() const {
    switch (select_) {
        case kIdIndex:
        case kArbitrationIndex: return id_;
        case kVersionIndex: return kVersion;
        default: break;
    }
    if (select_ < kRedirectionFirst || select_ >= kRedirectionFirst + 2 * kPins) return 0;
    const unsigned index = select_ - kRedirectionFirst;
    return static_cast<std::uint32_t>(entries_[index / 2] >> (index % 2 ? 32 : 0));
}

void IoApic::write_indirect(std::uint32_t value) {
    if (select_ == kIdIndex) id_ = value & 0x0f000000;
    if (select_ < kRedirectionFirst || select_ >= kRedirectionFirst + 2 * kPins) return;
    const unsigned index = select_ - kRedirectionFirst;
    std::uint64_t& entry = entries_[index / 2];
    const unsigned shift = index % 2 ? 32 : 0;
    const std::uint64_t mask = kWritable & (0xffffffffull << shift);
    entry = (entry & ~mask) | (static_cast<std::uint64_t>(value) << shift & mask);
    if (!(entry & kLevel)) entry &= ~kRemoteIrr;
    tell_route(index / 2);
    service(index / 2);
}

std::uint64_t IoApic::read(std::uint64_t offset, unsigned) {
    switch (offset) {
        case kSelect: return select_;
        case kWindow: return read_indirect();
        default: return 0;
    }
}

void IoApic::write(std::uint64_t offset, std::uint64_t value, unsigned) {
    switch (offset) {
        case kSelect: select_ = static_cast<std::uint8_t>(value); break;
        case kWindow: write_indirect(static_cast<std::uint32_t>(value)); break;
        case kEoi: end_of_interrupt(static_cast<std::uint8_t>(value)); break;
        default: break;
    }
}

}  // namespace hospes::devices
