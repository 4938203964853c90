#include "devices/irqchip/pic.h"

#include <utility>

namespace hospes::devices {

namespace {
constexpr unsigned kCascade = 2;
constexpr std::uint8_t bit(unsigned number) { return static_cast<std::uint8_t>(1u << number); }
}  // namespace

void Pic8259::set_line(unsigned irq, bool asserted) {
    const std::uint8_t mask = bit(irq);
    const bool was = (lines_ & mask) != 0;
    lines_ = static_cast<std::uint8_t>(asserted ? lines_ | mask : lines_ & ~mask);
    if (level_triggered() & mask) {
        irr_ = static_cast<std::uint8_t>(asserted ? irr_ | mask : irr_ & ~mask);
    } else if (asserted && !was) {
        irr_ |= mask;
    }  // a low edge leaves the latched request, so that devices may pulse
}

// 0 is the highest priority; 8 if `mask` is empty.
unsigned Pic8259::priority_of(std::uint8_t mask) const {
    for (unsigned priority = 0; priority < 8; ++priority) {
        if (mask & bit((priority + lowest_priority_ + 1) & 7)) return priority;
    }
    return 8;
}

int Pic8259::pending() const {
    const unsigned request = priority_of(static_cast<std::uint8_t>(irr_ & ~imr_));
    if (request == 8) return -1;
    std::uint8_t serving = isr_;
    if (special_mask_) serving &= static_cast<std::uint8_t>(~imr_);
    if (special_fully_nested_) serving &= static_cast<std::uint8_t>(~bit(kCascade));
    if (request >= priority_of(serving)) return -1;
    return static_cast<int>((request + lowest_priority_ + 1) & 7);
}

void Pic8259::acknowledge(unsigned irq) {
    const std::uint8_t mask = bit(irq);
    if (auto_eoi_) {
        if (rotate_on_auto_eoi_) lowest_priority_ = static_cast<std::uint8_t>(irq);
    } else {
        isr_ |= mask;
    }
    if (!(level_triggered() & mask)) irr_ &= static_cast<std::uint8_t>(~mask);
}

std::uint8_t Pic8259::read(unsigned address) const {
    if (address == 1) return imr_;
    return read_isr_ ? isr_ : irr_;
}

void Pic8259::write_icw1(std::uint8_t value) {
    irr_ = static_cast<std::uint8_t>(lines_ & level_triggered());  // the edge detectors are reset
    imr_ = isr_ = 0;
    lowest_priority_ = 7;
    read_isr_ = poll_ = special_mask_ = false;
    auto_eoi_ = rotate_on_auto_eoi_ = special_fully_nested_ = false;
    wants_icw4_ = (value & 1) != 0;
    expected_icw_ = 2;
}

void Pic8259::write_ocw2(std::uint8_t value) {
    const unsigned level = value & 7u;
    const unsigned highest = priority_of(isr_);
    const unsigned serving = (highest + lowest_priority_ + 1) & 7;
    switch (value >> 5) {
        case 0: rotate_on_auto_eoi_ = false; break;
        case 4: rotate_on_auto_eoi_ = true; break;
        case 1:  // non-specific EOI
        case 5:  // the same, and rotate
            if (highest == 8) break;
            isr_ &= static_cast<std::uint8_t>(~bit(serving));
            if (value >> 5 == 5) lowest_priority_ = static_cast<std::uint8_t>(serving);
            break;
        case 3: isr_ &= static_cast<std::uint8_t>(~bit(level)); break;  // specific EOI
        case 7: isr_ &= static_cast<std::uint8_t>(~bit(level)); [[fallthrough]];
        case 6: lowest_priority_ = static_cast<std::uint8_t>(level); break;
        default: break;
    }
}

void Pic8259::write_ocw3(std::uint8_t value) {
    if (value & 4) poll_ = true;
    if (value & 2) read_isr_ = (value & 1) != 0;
    if (value & 0x40) special_mask_ = (value & 0x20) != 0;
}

void Pic8259::write(unsigned address, std::uint8_t value) {
    if (address == 0) {
        if (value & 0x10) return write_icw1(value);
        return value & 0x08 ? write_ocw3(value) : write_ocw2(value);
    }
    switch (expected_icw_) {
        case 2:
            vector_base_ = value & 0xf8;
            expected_icw_ = 3;  // a PC is always cascaded
            break;
        case 3: expected_icw_ = wants_icw4_ ? 4 : 0; break;
        case 4:
            auto_eoi_ = (value & 2) != 0;
            special_fully_nested_ = (value & 0x10) != 0;
            expected_icw_ = 0;
            break;
        default: imr_ = value; break;
    }
}

// IRQ 0, 1, 2, 8 and 13 are always edge-triggered.
Pic::Pic(std::function<void()> changed)
    : chips_{Pic8259(0xf8, bit(kCascade)), Pic8259(0xde, 0)}, changed_(std::move(changed)) {}

void Pic::update() {
    chips_[0].set_line(kCascade, chips_[1].pending() >= 0);
    changed_();
}

void Pic::set_line(unsigned irq, bool asserted) {
    if (irq == kCascade) return;
    chips_[irq >> 3].set_line(irq & 7, asserted);
    update();
}

bool Pic::interrupt() const { return chips_[0].pending() >= 0; }

std::uint8_t Pic::acknowledge() {
    const int irq = chips_[0].pending();
    std::uint8_t vector;
    if (irq < 0) {
        vector = chips_[0].vector_base() + 7;
    } else if (irq == kCascade) {
        chips_[0].acknowledge(kCascade);
        const int slave = chips_[1].pending();
        if (slave >= 0) chips_[1].acknowledge(static_cast<unsigned>(slave));
        vector = static_cast<std::uint8_t>(chips_[1].vector_base() + (slave >= 0 ? slave : 7));
    } else {
        chips_[0].acknowledge(static_cast<unsigned>(irq));
        vector = static_cast<std::uint8_t>(chips_[0].vector_base() + irq);
    }
    update();
    return vector;
}

// The poll command (OCW3.P): the next read is an INTA cycle that returns the IRQ instead of a vector.
std::uint8_t Pic::poll(unsigned chip) {
    Pic8259& polled = chips_[chip];
    polled.end_poll();
    const int irq = polled.pending();
    if (irq < 0) return 0;
    polled.acknowledge(static_cast<unsigned>(irq));
    update();
    return static_cast<std::uint8_t>(0x80 | irq);
}

std::uint64_t Pic::ChipPort::read(std::uint64_t offset, unsigned) {
    Pic8259& chip = pic_.chips_[chip_];
    return chip.polling() ? pic_.poll(chip_) : chip.read(static_cast<unsigned>(offset));
}

void Pic::ChipPort::write(std::uint64_t offset, std::uint64_t value, unsigned) {
    Pic8259& chip = pic_.chips_[chip_];
    chip.write(static_cast<unsigned>(offset), static_cast<std::uint8_t>(value));
    pic_.update();
}

std::uint64_t Pic::ElcrPort::read(std::uint64_t offset, unsigned) { return pic_.chips_[offset & 1].elcr(); }

void Pic::ElcrPort::write(std::uint64_t offset, std::uint64_t value, unsigned) {
    pic_.chips_[offset & 1].set_elcr(static_cast<std::uint8_t>(value));
}

}  // namespace hospes::devices
