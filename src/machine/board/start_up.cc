#include "machine/board/start_up.h"

namespace hospes::machine {

namespace {

constexpr std::uint16_t kDataSegment = 0x93, kCodeSegment = 0x9b, kLdt = 0x82, kBusyTss = 0x8b;
constexpr std::uint32_t kRealModeLimit = 0xffff;

x86::Segment real_mode_segment(std::uint16_t selector, std::uint64_t base, std::uint16_t attributes) {
    x86::Segment segment;
    segment.selector = selector;
    segment.base = base;
    segment.limit = kRealModeLimit;
    segment.attributes = attributes;
    return segment;
}

}  // namespace

// Table 9-1, column INIT: x87, vector state, XCR0, the MSRs of calls, PAT and the TSC stay, CR0.CD and NW too.
cpu::VcpuState after_init(const cpu::VcpuState& before, std::uint32_t signature) {
    const cpu::VcpuState reset = cpu::initial_state();
    cpu::VcpuState state = before;
    state.gpr = {};
    state.gpr[x86::RDX] = signature;
    state.rip = 0xfff0;
    state.rflags = reset.rflags;
    state.segments.fill(real_mode_segment(0, 0, kDataSegment));
    state.segments[x86::CS] = real_mode_segment(0xf000, 0xffff0000, kCodeSegment);
    state.ldtr = real_mode_segment(0, 0, kLdt);
    state.tr = real_mode_segment(0, 0, kBusyTss);
    state.gdtr = state.idtr = {0, kRealModeLimit};
    state.cr0 = x86::cr0::ET | (before.cr0 & (x86::cr0::CD | x86::cr0::NW));
    state.cr2 = state.cr3 = state.cr4 = 0;
    state.efer = 0;
    state.dr = {};
    state.dr6 = reset.dr6;
    state.dr7 = reset.dr7;
    state.interrupt_shadow = false;
    state.nmi_blocked = false;
    state.halted = false;
    state.waits_for_start_up = true;
    return state;
}

cpu::VcpuState waiting_for_start_up(std::uint32_t signature) {
    cpu::VcpuState power_on = cpu::initial_state();
    power_on.cr0 |= x86::cr0::CD | x86::cr0::NW;
    return after_init(power_on, signature);
}

cpu::VcpuState after_start_up(const cpu::VcpuState& initialised, std::uint8_t vector) {
    cpu::VcpuState state = initialised;
    const auto selector = static_cast<std::uint16_t>(vector << 8);
    state.segments[x86::CS] = real_mode_segment(selector, std::uint64_t{selector} << 4, kCodeSegment);
    state.rip = 0;
    state.waits_for_start_up = false;
    return state;
}

}  // namespace hospes::machine
