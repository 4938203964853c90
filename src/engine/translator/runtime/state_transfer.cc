// The architectural state, between the seam's form and the engine's.
#include <cstring>

#include "engine/translator/runtime/vcpu.h"
#include "engine/translator/system/descriptors.h"

namespace hospes::translator {

namespace {

// XSAVE's header (SDM volume 1, 13.4.2).
constexpr unsigned kXstateBv = 512, kXcompBv = 520, kHeaderEnd = 576, kMxcsr = 24, kMxcsrMask = 28;
constexpr std::uint32_t kMxcsrBits = 0xffff;

template <typename T>
void put(std::uint8_t* area, unsigned offset, T value) {
    std::memcpy(area + offset, &value, sizeof value);
}

// The host's XRSTOR faults on headers and MXCSRs that it does not like: nothing of the kind gets through.
void load_xsave(GuestState& to, const cpu::VcpuState& from, std::uint64_t supported) {
    std::memcpy(to.fpu, from.xsave.data(), sizeof to.fpu);
    std::uint64_t components = 0;
    std::memcpy(&components, to.fpu + kXstateBv, sizeof components);
    std::memset(to.fpu + kXcompBv, 0, kHeaderEnd - kXcompBv);
    put(to.fpu, kXstateBv, components & supported);
    std::uint32_t mxcsr = 0;
    std::memcpy(&mxcsr, to.fpu + kMxcsr, sizeof mxcsr);
    put(to.fpu, kMxcsr, mxcsr & kMxcsrBits);
    put(to.fpu, kMxcsrMask, std::uint32_t{0xffff});
}

}  // namespace

cpu::VcpuState TranslatorVcpu::state() const {
    const GuestState& from = state_;
    cpu::VcpuState to;
    std::memcpy(to.gpr.data(), from.gpr, sizeof from.gpr);
    to.rip = from.rip;
    to.rflags = from.full_rflags();
    std::memcpy(to.segments.data(), from.segments, sizeof from.segments);
    to.ldtr = from.ldtr;
    to.tr = from.tr;
    to.gdtr = from.gdtr;
    to.idtr = from.idtr;
    to.cr0 = from.cr0, to.cr2 = from.cr2, to.cr3 = from.cr3, to.cr4 = from.cr4;
    to.efer = from.efer, to.xcr0 = from.xcr0;
    std::memcpy(to.dr.data(), from.dr, sizeof from.dr);
    to.dr6 = from.dr6, to.dr7 = from.dr7;
    to.star = from.star, to.lstar = from.lstar, to.cstar = from.cstar, to.fmask = from.fmask;
    to.kernel_gs_base = from.kernel_gs_base;
    to.sysenter_cs = from.sysenter_cs, to.sysenter_esp = from.sysenter_esp, to.sysenter_eip = from.sysenter_eip;
    to.pat = from.pat, to.tsc_aux = from.tsc_aux, to.tsc_offset = from.tsc_offset, to.xss = from.xss;
    to.tsc_adjust = system_.msrs.tsc_adjust;
    to.kept = system_.msrs.kept.values();
    to.kept.spec_ctrl = system_.msrs.spec_ctrl;
    to.interrupt_shadow = from.interrupt_shadow != 0;
    to.nmi_blocked = from.nmi_blocked != 0;
    to.halted = from.halted != 0;
    std::memcpy(to.xsave.data(), from.fpu, sizeof from.fpu);
    return to;
}

Result<void> TranslatorVcpu::set_state(const cpu::VcpuState& from) {
    GuestState& to = state_;
    std::memcpy(to.gpr, from.gpr.data(), sizeof to.gpr);
    to.rip = from.rip;
    to.set_full_rflags(from.rflags);
    for (unsigned i = 0; i < x86::kSegmentCount; ++i) {
        set_segment(to, static_cast<x86::SegmentRegister>(i), from.segments[i]);
    }
    to.ldtr = from.ldtr;
    to.tr = from.tr;
    to.gdtr = from.gdtr;
    to.idtr = from.idtr;
    to.cr0 = from.cr0, to.cr2 = from.cr2, to.cr3 = from.cr3, to.cr4 = from.cr4;
    to.efer = from.efer, to.xcr0 = from.xcr0;
    // Not in the seam's state: from the table again, as KVM does. A reserved bit in it: no entry, so page faults.
    if (!load_pdptes(to, shared_.ram, to.cr3)) std::memset(to.pdpte, 0, sizeof to.pdpte);
    std::memcpy(to.dr, from.dr.data(), sizeof to.dr);
    to.dr6 = from.dr6, to.dr7 = from.dr7;
    to.star = from.star, to.lstar = from.lstar, to.cstar = from.cstar, to.fmask = from.fmask;
    to.kernel_gs_base = from.kernel_gs_base;
    to.sysenter_cs = from.sysenter_cs, to.sysenter_esp = from.sysenter_esp, to.sysenter_eip = from.sysenter_eip;
    to.pat = from.pat, to.tsc_aux = from.tsc_aux, to.tsc_offset = from.tsc_offset, to.xss = from.xss;
    system_.msrs.tsc_adjust = from.tsc_adjust;
    system_.msrs.kept.set_values(from.kept);
    system_.msrs.spec_ctrl = from.kept.spec_ctrl;
    to.interrupt_shadow = from.interrupt_shadow;
    to.nmi_blocked = from.nmi_blocked;
    to.halted = from.halted;
    to.cpl = to.protected_mode() ? to.segments[x86::CS].selector & 3 : 0;
    load_xsave(to, from, shared_.vectors.mask);
    shared_.rendezvous.enter(index_);
    tlb_->flush_all();
    shared_.rendezvous.leave(index_);
    look_out(watch_.follow(state_));
    link_from_ = 0;  // what runs next does not follow from what ran last
    force_single_ = force_plain_ = false;
    notify();
    return {};
}

}  // namespace hospes::translator
