// Accepting, prioritising and ending interrupts. The registers are in lapic_registers.cc.
#include "devices/irqchip/lapic.h"

#include <algorithm>

#include "devices/irqchip/apic_bus.h"
#include "devices/irqchip/pic.h"

namespace hospes::devices {

namespace {
constexpr std::uint32_t kMasked = 1u << 16;
constexpr std::uint32_t kErrorReceivedIllegalVector = 1u << 6;
}  // namespace

LocalApic::LocalApic(std::uint32_t id, ApicBus& bus, TimeSource& time, const GuestTsc& tsc, ApicEvents& events)
    : id_(id),
      bus_(bus),
      events_(events),
      timer_(time, tsc, [this] { deliver_lvt(kLvtTimer); }),
      apic_base_(0xfee00000 | kEnable | (id == 0 ? kBootstrap : 0)) {
    reset();
    bus.add(*this);
}

void LocalApic::reset() {
    tpr_ = ldr_ = esr_ = pending_errors_ = 0;
    svr_ = 0xff;
    dfr_ = 0xffffffff;
    icr_ = 0;
    lvt_.fill(kMasked);
    irr_.clear_all();
    isr_.clear_all();
    tmr_.clear_all();
    timer_.reset();
}

void LocalApic::set_up_virtual_wire() {
    write_svr(0x1ff);
    write_lvt(kLvtLint0, 0x700);
    write_lvt(kLvtLint1, 0x400);
}

std::uint8_t LocalApic::processor_priority() const {
    const int serving = isr_.highest();
    const std::uint32_t serving_class = serving < 0 ? 0 : static_cast<std::uint32_t>(serving) & 0xf0;
    return static_cast<std::uint8_t>((tpr_ & 0xf0) >= serving_class ? tpr_ : serving_class);
}

bool LocalApic::accepts_pic() const {
    if (pic_ == nullptr) return false;
    // With the local APIC off, LINT0 is the processor's INTR pin (11.4.3).
    if (!hardware_enabled()) return true;
    const std::uint32_t lint0 = lvt_[kLvtLint0];
    return !(lint0 & kMasked) && ((lint0 >> 8) & 7) == static_cast<unsigned>(DeliveryMode::ExtInt);
}

void LocalApic::update() {
    bool pending = accepts_pic() && pic_->interrupt();
    if (!pending && hardware_enabled() && software_enabled()) {
        const int request = irr_.highest();
        pending = request >= 0 && (request & 0xf0) > (processor_priority() & 0xf0);
    }
    if (pending == pending_) return;
    pending_ = pending;
    events_.interrupt_changed(pending);
}

std::optional<std::uint8_t> LocalApic::acknowledge() {
    if (accepts_pic() && pic_->interrupt()) {
        const std::uint8_t vector = pic_->acknowledge();
        update();
        return vector;
    }
    if (!pending_) return std::nullopt;
    const unsigned vector = static_cast<unsigned>(irr_.highest());
    irr_.clear(vector);
    isr_.set(vector);
    update();
    return static_cast<std::uint8_t>(vector);
}

void LocalApic::end_of_interrupt() {
    const int serving = isr_.highest();
    if (serving < 0) return;
    const auto vector = static_cast<unsigned>(serving);
    isr_.clear(vector);
    if (tmr_.test(vector)) bus_.end_of_interrupt(static_cast<std::uint8_t>(vector));
    update();
}

std::uint32_t LocalApic::logical_id() const { return x2apic() ? ((id_ >> 4) << 16) | (1u << (id_ & 15)) : ldr_ >> 24; }

bool LocalApic::matches(const ApicMessage& message) const {
    if (!hardware_enabled()) return false;
    if (message.destination == kBroadcast) return true;
    if (!message.logical) return message.destination == id_;
    const std::uint32_t mine = logical_id();
    if (x2apic()) return message.destination >> 16 == mine >> 16 && (message.destination & mine & 0xffff) != 0;
    const std::uint32_t theirs = message.destination & 0xff;
    if ((dfr_ >> 28) == 0xf) return (theirs & mine) != 0;  // flat model
    return (theirs >> 4 == mine >> 4 || theirs >> 4 == 0xf) && (theirs & mine & 0xf) != 0;
}

void LocalApic::accept(const ApicMessage& message) {
    switch (message.mode) {
        case DeliveryMode::Fixed:
        case DeliveryMode::LowestPriority: accept_vector(message.vector, message.level_triggered); break;
        case DeliveryMode::Nmi: events_.nmi(); break;
        case DeliveryMode::Init: return take_init();
        case DeliveryMode::StartUp: events_.start_up(message.vector); break;
        default: break;  // SMI and ExtINT messages: this machine has neither
    }
}

// All registers as after power-up but the ID and IA32_APIC_BASE (11.4.7.3).
void LocalApic::take_init() {
    reset();
    update();
    events_.init();
}

void LocalApic::accept_vector(std::uint8_t vector, bool level_triggered) {
    if (!software_enabled()) return;
    if (vector < 16) return raise_error(kErrorReceivedIllegalVector);
    if (level_triggered) {
        tmr_.set(vector);
    } else {
        tmr_.clear(vector);
    }
    irr_.set(vector);
    update();
}

void LocalApic::deliver_lvt(unsigned entry) {
    const std::uint32_t lvt = lvt_[entry];
    if (lvt & kMasked || !hardware_enabled()) return;
    switch (static_cast<DeliveryMode>(entry == kLvtTimer || entry == kLvtError ? 0 : (lvt >> 8) & 7)) {
        case DeliveryMode::Fixed: accept_vector(static_cast<std::uint8_t>(lvt), false); break;
        case DeliveryMode::Nmi: events_.nmi(); break;
        default: break;
    }
}

void LocalApic::raise_error(std::uint32_t bit) {
    if (pending_errors_ & bit) return;
    pending_errors_ |= bit;
    // An illegal vector in LVT error itself must not come back here for ever.
    if ((lvt_[kLvtError] & 0xff) >= 16) deliver_lvt(kLvtError);
}

}  // namespace hospes::devices
