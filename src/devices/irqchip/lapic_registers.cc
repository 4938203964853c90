// The register file of the local APIC: xAPIC memory (SDM volume 3, table 11-1), x2APIC MSRs (11.12), IA32_APIC_BASE.
#include "devices/irqchip/apic_bus.h"
#include "devices/irqchip/lapic.h"
#include "x86/msr.h"

namespace hospes::devices {

namespace {

enum Register : std::uint32_t {
    kId = 0x20,
    kVersion = 0x30,
    kTpr = 0x80,
    kApr = 0x90,
    kPpr = 0xa0,
    kEoi = 0xb0,
    kLdr = 0xd0,
    kDfr = 0xe0,
    kSvr = 0xf0,
    kIsr = 0x100,
    kTmr = 0x180,
    kIrr = 0x200,
    kEsr = 0x280,
    kIcrLow = 0x300,
    kIcrHigh = 0x310,
    kLvtFirst = 0x320,
    kLvtLast = 0x370,
    kInitialCount = 0x380,
    kCurrentCount = 0x390,
    kDivide = 0x3e0,
    kSelfIpi = 0x3f0,
};

constexpr std::uint32_t kVersionValue = 0x00050014;  // integrated APIC, six LVT entries
constexpr std::uint32_t kMasked = 1u << 16;
constexpr std::uint32_t kErrorSendIllegalVector = 1u << 5;
constexpr std::uint32_t kErrorIllegalRegister = 1u << 7;
constexpr std::uint64_t kIcrReserved = 0xfff32000 | 1u << 12;  // bits of the low half that read as zero
constexpr unsigned kPhysicalBits = 52;

// Writable bits of the LVT entries, in the order of Lvt: vector, delivery mode, polarity and trigger, mask, timer mode.
constexpr std::uint32_t kLvtWritable[] = {0x000700ff, 0x000107ff, 0x000107ff, 0x0001a7ff, 0x0001a7ff, 0x000100ff};

bool in(std::uint32_t offset, std::uint32_t first, std::uint32_t last) { return offset >= first && offset <= last; }

}  // namespace

std::optional<Gpa> LocalApic::mmio_page() const {
    if (!hardware_enabled() || x2apic()) return std::nullopt;
    return apic_base_ & ~0xfffull;
}

// Registers are 16 bytes apart; only aligned 32-bit accesses to the first four are defined (11.4.1). Narrower reads are
// served from the same dword, as processors do.
std::uint32_t LocalApic::mmio_read(std::uint32_t offset) {
    const std::uint32_t value = offset & 0xc ? 0 : read_register(offset & 0xff0);
    return value >> (8 * (offset & 3));
}

void LocalApic::mmio_write(std::uint32_t offset, std::uint32_t value) {
    if (offset & 0xf) return;
    if (offset == kIcrHigh) {
        icr_ = (icr_ & 0xffffffff) | static_cast<std::uint64_t>(value & 0xff000000) << 32;
        return;
    }
    if (offset == kIcrLow) return write_icr((icr_ & ~0xffffffffull) | value);
    write_register(offset, value);
}

std::uint32_t LocalApic::read_register(std::uint32_t offset) {
    if (in(offset, kIsr, kIsr + 0x70)) return isr_.word((offset - kIsr) >> 4);
    if (in(offset, kTmr, kTmr + 0x70)) return tmr_.word((offset - kTmr) >> 4);
    if (in(offset, kIrr, kIrr + 0x70)) return irr_.word((offset - kIrr) >> 4);
    if (in(offset, kLvtFirst, kLvtLast)) return lvt_[(offset - kLvtFirst) >> 4];
    switch (offset) {
        case kId: return x2apic() ? id_ : id_ << 24;
        case kVersion: return kVersionValue;
        case kTpr: return tpr_;
        case kPpr:
        case kApr: return processor_priority();
        case kLdr: return x2apic() ? logical_id() : ldr_;
        case kDfr: return dfr_;
        case kSvr: return svr_;
        case kEsr: return esr_;
        case kIcrLow: return static_cast<std::uint32_t>(icr_);
        case kIcrHigh: return static_cast<std::uint32_t>(icr_ >> 32);
        case kInitialCount: return timer_.initial_count();
        case kCurrentCount: return timer_.current_count();
        case kDivide: return timer_.divide_configuration();
        case kEoi: return 0;
        default: raise_error(kErrorIllegalRegister); return 0;
    }
}

void LocalApic::write_register(std::uint32_t offset, std::uint32_t value) {
    if (in(offset, kLvtFirst, kLvtLast)) return write_lvt((offset - kLvtFirst) >> 4, value);
    switch (offset) {
        case kTpr: return set_tpr(value & 0xff);
        case kEoi: return end_of_interrupt();
        case kLdr: ldr_ = value & 0xff000000; return;
        case kDfr: dfr_ = value | 0x0fffffff; return;
        case kSvr: return write_svr(value);
        case kEsr:  // a write latches what was collected (11.5.3)
            esr_ = pending_errors_;
            pending_errors_ = 0;
            return;
        case kInitialCount: return timer_.set_initial_count(value);
        case kDivide: return timer_.set_divide(value);
        case kId:
        case kVersion:
        case kApr:
        case kPpr:
        case kCurrentCount: return;  // read-only
        default:
            if (!in(offset, kIsr, kIrr + 0x70)) raise_error(kErrorIllegalRegister);
    }
}

void LocalApic::set_tpr(std::uint32_t value) {
    tpr_ = value;
    update();
}

void LocalApic::write_svr(std::uint32_t value) {
    svr_ = value & 0x1ff;
    if (!software_enabled()) {
        for (std::uint32_t& entry : lvt_) entry |= kMasked;
    }
    update();
}

void LocalApic::write_lvt(unsigned entry, std::uint32_t value) {
    value &= kLvtWritable[entry];
    if (!software_enabled()) value |= kMasked;
    lvt_[entry] = value;
    if (entry == kLvtTimer) timer_.set_mode(static_cast<LapicTimer::Mode>((value >> 17) & 3));
    update();
}

void LocalApic::write_icr(std::uint64_t value) {
    icr_ = value & ~kIcrReserved;
    const auto low = static_cast<std::uint32_t>(icr_);
    const auto high = static_cast<std::uint32_t>(icr_ >> 32);
    ApicMessage message;
    message.mode = static_cast<DeliveryMode>((low >> 8) & 7);
    message.vector = static_cast<std::uint8_t>(low);
    message.logical = (low & 0x800) != 0;
    message.destination =
        x2apic() ? high : destination_from_8_bits(static_cast<std::uint8_t>(high >> 24), message.logical);
    const bool fixed = message.mode == DeliveryMode::Fixed || message.mode == DeliveryMode::LowestPriority;
    if (fixed && message.vector < 16) return raise_error(kErrorSendIllegalVector);
    // INIT level de-assert only synchronised the arbitration of old APICs (11.6.1).
    if (message.mode == DeliveryMode::Init && (low & 0xc000) == 0x8000) return;
    send_shorthand(message, (low >> 18) & 3);
}

void LocalApic::send_shorthand(const ApicMessage& message, unsigned shorthand) {
    ApicMessage all = message;
    all.destination = kBroadcast;
    switch (shorthand) {
        case 1: return accept(message);
        case 2: return bus_.deliver(all);
        case 3: return bus_.deliver_except(all, this);
        default: return bus_.deliver(message);
    }
}

std::optional<std::uint64_t> LocalApic::msr_read(std::uint32_t index) {
    if (index == x86::msr::IA32_APIC_BASE) return apic_base_;
    if (index == x86::msr::IA32_TSC_DEADLINE) return timer_.deadline();
    if (index == x86::msr::MSR_KVM_PV_EOI_EN) return pv_eoi_;
    if (!in(index, x86::msr::kX2apicFirst, x86::msr::kX2apicLast) || !x2apic()) return std::nullopt;
    const std::uint32_t offset = (index - x86::msr::kX2apicFirst) << 4;
    if (offset == kIcrLow) return icr_;
    const bool readable = offset == kId || offset == kVersion || offset == kTpr || offset == kPpr || offset == kLdr ||
                          offset == kSvr || in(offset, kIsr, kEsr) || in(offset, kLvtFirst, kCurrentCount) ||
                          offset == kDivide;
    if (!readable) return std::nullopt;
    return read_register(offset);
}

bool LocalApic::msr_write(std::uint32_t index, std::uint64_t value) {
    if (index == x86::msr::IA32_APIC_BASE) return write_apic_base(value);
    if (index == x86::msr::IA32_TSC_DEADLINE) {
        timer_.set_deadline(value);
        return true;
    }
    if (index == x86::msr::MSR_KVM_PV_EOI_EN) {
        if ((value & 2) != 0) return false;  // bit 0 enables, the rest is the address of a 32-bit word
        pv_eoi_ = value;
        return true;
    }
    return in(index, x86::msr::kX2apicFirst, x86::msr::kX2apicLast) && x2apic() && write_x2apic(index, value);
}

bool LocalApic::write_x2apic(std::uint32_t index, std::uint64_t value) {
    const std::uint32_t offset = (index - x86::msr::kX2apicFirst) << 4;
    if (offset == kIcrLow) {
        if (value & kIcrReserved) return false;
        write_icr(value);
        return true;
    }
    if (value >> 32) return false;
    const auto low = static_cast<std::uint32_t>(value);
    if (offset == kSelfIpi) {
        if (low > 0xff) return false;
        write_icr(0x40000 | low);
        return true;
    }
    const bool zero_only = offset == kEoi || offset == kEsr;
    if (zero_only && low != 0) return false;
    if (offset == kTpr && low > 0xff) return false;
    if (in(offset, kLvtFirst, kLvtLast) && (low & ~(kLvtWritable[(offset - kLvtFirst) >> 4] | 0x5000))) return false;
    const bool writable =
        zero_only || offset == kTpr || offset == kSvr || in(offset, kLvtFirst, kInitialCount) || offset == kDivide;
    if (writable) write_register(offset, low);
    return writable;
}

// The states of 11.12.5: disabled, xAPIC, x2APIC; from x2APIC only to disabled, from disabled only to xAPIC.
bool LocalApic::write_apic_base(std::uint64_t value) {
    constexpr std::uint64_t kWritable = ((1ull << kPhysicalBits) - 1) & ~0xfffull;
    if (value & ~(kWritable | kEnable | kExtended | kBootstrap)) return false;
    const bool enable = (value & kEnable) != 0, extended = (value & kExtended) != 0;
    if (extended && !enable) return false;
    if (extended && !x2apic() && !hardware_enabled()) return false;
    if (x2apic() && enable && !extended) return false;
    const bool entering_x2apic = extended && !x2apic();
    const bool disabling = hardware_enabled() && !enable;
    apic_base_ = value;
    if (disabling) reset();
    if (entering_x2apic) icr_ = 0;
    update();
    return true;
}

}  // namespace hospes::devices
