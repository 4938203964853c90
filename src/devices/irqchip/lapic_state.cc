// The local APIC's registers out and in, all at once.
#include "devices/irqchip/lapic.h"

namespace hospes::devices {

namespace {

// Offset / 16.
enum Word : unsigned {
    kId = 0x2,
    kTpr = 0x8,
    kPpr = 0xa,
    kLdr = 0xd,
    kDfr = 0xe,
    kSvr = 0xf,
    kIsr = 0x10,
    kTmr = 0x18,
    kIrr = 0x20,
    kEsr = 0x28,
    kIcrLow = 0x30,
    kIcrHigh = 0x31,
    kLvt = 0x32,
    kInitialCount = 0x38,
    kCurrentCount = 0x39,
    kDivide = 0x3e,
};
constexpr unsigned kVectorWords = 8;

}  // namespace

x86::LocalApicRegisters LocalApic::registers() const {
    x86::LocalApicRegisters to{apic_base_, timer_.deadline(), pv_eoi_, {}};
    to.words[kId] = id_ << 24;
    to.words[kTpr] = tpr_;
    to.words[kPpr] = processor_priority();
    to.words[kLdr] = x2apic() ? logical_id() : ldr_;
    to.words[kDfr] = dfr_;
    to.words[kSvr] = svr_;
    to.words[kEsr] = esr_;
    to.words[kIcrLow] = static_cast<std::uint32_t>(icr_);
    to.words[kIcrHigh] = static_cast<std::uint32_t>(icr_ >> 32);
    to.words[kInitialCount] = timer_.initial_count();
    to.words[kCurrentCount] = timer_.current_count();
    to.words[kDivide] = timer_.divide_configuration();
    for (unsigned i = 0; i < kLvtCount; ++i) to.words[kLvt + i] = lvt_[i];
    for (unsigned i = 0; i < kVectorWords; ++i) {
        to.words[kIsr + i] = isr_.word(i);
        to.words[kTmr + i] = tmr_.word(i);
        to.words[kIrr + i] = irr_.word(i);
    }
    return to;
}

void LocalApic::set_registers(const x86::LocalApicRegisters& from) {
    apic_base_ = from.base;
    pv_eoi_ = from.pv_eoi;
    tpr_ = from.words[kTpr];
    ldr_ = x2apic() ? 0 : from.words[kLdr];
    dfr_ = from.words[kDfr];
    svr_ = from.words[kSvr];
    esr_ = from.words[kEsr];
    pending_errors_ = 0;
    icr_ = from.words[kIcrLow] | static_cast<std::uint64_t>(from.words[kIcrHigh]) << 32;
    for (unsigned i = 0; i < kLvtCount; ++i) lvt_[i] = from.words[kLvt + i];
    for (unsigned i = 0; i < kVectorWords; ++i) {
        isr_.set_word(i, from.words[kIsr + i]);
        tmr_.set_word(i, from.words[kTmr + i]);
        irr_.set_word(i, from.words[kIrr + i]);
    }
    timer_.resume({static_cast<LapicTimer::Mode>((lvt_[kLvtTimer] >> 17) & 3), from.words[kDivide],
                   from.words[kInitialCount], from.words[kCurrentCount], from.deadline});
    update();
}

}  // namespace hospes::devices
