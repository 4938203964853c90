#include "engine/kvm/guest_debug.h"

#include <algorithm>
#include <bit>

namespace hospes::kvm {

namespace {

constexpr std::uint64_t kDr7Fixed = 0x400, kDr6Step = 1u << 14;
constexpr std::uint64_t kLongest = 8;

// R/W and LEN of DR7 (SDM volume 3, 17.2.4).
std::uint64_t kind_of(const cpu::DebugStop& stop, unsigned size) {
    const std::uint64_t access = stop.event == cpu::DebugEvent::Code ? 0 : stop.data.on_read ? 3 : 1;
    const std::uint64_t length = size == 8 ? 2 : size - 1;
    return access | length << 2;
}

}  // namespace

bool GuestDebug::add(Gva address, unsigned size, const cpu::DebugStop& stop) {
    if (count_ == kBreakpoints) return false;
    breakpoints_[count_++] = {address, size, stop};
    return true;
}

// In pieces that are aligned.
bool GuestDebug::add_data(const cpu::DataBreakpoint& asked) {
    for (std::uint64_t done = 0; done < asked.size;) {
        const Gva at = asked.address + done;
        const std::uint64_t aligned = at == 0 ? kLongest : std::min(kLongest, at & (0 - at));
        const std::uint64_t size = std::min(aligned, std::bit_floor(asked.size - done));
        if (!add(at, static_cast<unsigned>(size), {cpu::DebugEvent::Data, asked})) return false;
        done += size;
    }
    return true;
}

Result<GuestDebug> GuestDebug::of(const cpu::DebugRequest& request) {
    const Error too_many("KVM has four breakpoints, each of up to 8 bytes; use --engine translator for more");
    GuestDebug debug;
    debug.steps_ = request.step;
    for (const Gva address : request.code) {
        if (!request.step && !debug.add(address, 1, {cpu::DebugEvent::Code, {}})) return too_many;
    }
    for (const cpu::DataBreakpoint& data : request.data) {
        if (!data.on_write) return Error("KVM cannot watch reads alone; use awatch, or --engine translator");
        if (!debug.add_data(data)) return too_many;
    }
    return debug;
}

kvm_guest_debug GuestDebug::for_kernel() const {
    kvm_guest_debug debug{};
    if (steps_) debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_BLOCKIRQ;
    if (count_ == 0) return debug;
    debug.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
    debug.arch.debugreg[7] = kDr7Fixed;
    for (unsigned i = 0; i < count_; ++i) {
        debug.arch.debugreg[i] = breakpoints_[i].address;
        debug.arch.debugreg[7] |= 1ull << 2 * i | kind_of(breakpoints_[i].stop, breakpoints_[i].size) << (16 + 4 * i);
    }
    return debug;
}

std::optional<cpu::DebugStop> GuestDebug::stop_of(std::uint64_t dr6) const {
    for (unsigned i = 0; i < count_; ++i) {
        if ((dr6 >> i & 1) != 0) return breakpoints_[i].stop;
    }
    if (steps_ && (dr6 & kDr6Step) != 0) return cpu::DebugStop{};
    return std::nullopt;
}

}  // namespace hospes::kvm
