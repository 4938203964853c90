// The architectural state, between the seam's form and KVM's.
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "engine/kvm/local_apic.h"
#include "engine/kvm/msr_block.h"
#include "engine/kvm/segments.h"
#include "engine/kvm/vcpu.h"
#include "x86/msr.h"

namespace hospes::kvm {

namespace {

constexpr std::uint64_t kApicBase = 0xfee00800, kBootstrap = 0x100;  // enabled; KVM asks for one
constexpr unsigned kXstateBv = 512, kXcompBv = 520, kHeaderEnd = 576, kMxcsr = 24;
constexpr std::uint32_t kMxcsrBits = 0xffff;

// In the order of Gpr.
constexpr std::array<decltype(&kvm_regs::rax), x86::kGprCount> kGprs = {
    &kvm_regs::rax, &kvm_regs::rcx, &kvm_regs::rdx, &kvm_regs::rbx, &kvm_regs::rsp, &kvm_regs::rbp,
    &kvm_regs::rsi, &kvm_regs::rdi, &kvm_regs::r8,  &kvm_regs::r9,  &kvm_regs::r10, &kvm_regs::r11,
    &kvm_regs::r12, &kvm_regs::r13, &kvm_regs::r14, &kvm_regs::r15,
};
// In the order of SegmentRegister.
constexpr std::array<kvm_segment kvm_sregs::*, x86::kSegmentCount> kSegments = {
    &kvm_sregs::es, &kvm_sregs::cs, &kvm_sregs::ss, &kvm_sregs::ds, &kvm_sregs::fs, &kvm_sregs::gs,
};

struct MsrField {
    std::uint32_t index;
    std::uint64_t cpu::VcpuState::*field;
};
constexpr auto kMsrs = std::to_array<MsrField>({
    {x86::msr::IA32_STAR, &cpu::VcpuState::star},
    {x86::msr::IA32_LSTAR, &cpu::VcpuState::lstar},
    {x86::msr::IA32_CSTAR, &cpu::VcpuState::cstar},
    {x86::msr::IA32_FMASK, &cpu::VcpuState::fmask},
    {x86::msr::IA32_KERNEL_GS_BASE, &cpu::VcpuState::kernel_gs_base},
    {x86::msr::IA32_SYSENTER_CS, &cpu::VcpuState::sysenter_cs},
    {x86::msr::IA32_SYSENTER_ESP, &cpu::VcpuState::sysenter_esp},
    {x86::msr::IA32_SYSENTER_EIP, &cpu::VcpuState::sysenter_eip},
    {x86::msr::IA32_PAT, &cpu::VcpuState::pat},
    {x86::msr::IA32_TSC_ADJUST, &cpu::VcpuState::tsc_adjust},
    {x86::msr::IA32_TSC_AUX, &cpu::VcpuState::tsc_aux},  // last: not every model has it
});

using StateMsrs = MsrBlock<kMsrs.size()>;

StateMsrs state_msrs(const x86::CpuidModel& model) {
    const bool tsc_aux = model.has(x86::Feature::RDTSCP) || model.has(x86::Feature::RDPID);
    StateMsrs block;
    block.head.count = static_cast<std::uint32_t>(kMsrs.size()) - (tsc_aux ? 0 : 1);
    for (unsigned i = 0; i < kMsrs.size(); ++i) block.entries[i].index = kMsrs[i].index;
    return block;
}

MsrBlock<1> speculation_msr(std::uint64_t value) {
    MsrBlock<1> block;
    block.head.count = 1;
    block.entries[0].index = x86::msr::IA32_SPEC_CTRL;
    block.entries[0].data = value;
    return block;
}

kvm_device_attr tsc_offset_attribute(const std::uint64_t* value) {
    kvm_device_attr attribute{};
    attribute.group = KVM_VCPU_TSC_CTRL;
    attribute.attr = KVM_VCPU_TSC_OFFSET;
    attribute.addr = reinterpret_cast<std::uintptr_t>(value);
    return attribute;
}

kvm_sregs system_registers(const cpu::VcpuState& from, unsigned index) {
    kvm_sregs to{};
    for (unsigned i = 0; i < x86::kSegmentCount; ++i) to.*kSegments[i] = to_kvm(from.segments[i]);
    to.ldt = to_kvm(from.ldtr);
    to.tr = to_kvm(from.tr);
    to.gdt.base = from.gdtr.base, to.gdt.limit = from.gdtr.limit;
    to.idt.base = from.idtr.base, to.idt.limit = from.idtr.limit;
    to.cr0 = from.cr0, to.cr2 = from.cr2, to.cr3 = from.cr3, to.cr4 = from.cr4;
    to.efer = from.efer;
    to.apic_base = from.local_apic ? from.local_apic->base : kApicBase | (index == 0 ? kBootstrap : 0);
    return to;
}

kvm_regs general_registers(const cpu::VcpuState& from) {
    kvm_regs to{};
    for (unsigned i = 0; i < x86::kGprCount; ++i) to.*kGprs[i] = from.gpr[i];
    to.rip = from.rip;
    to.rflags = from.rflags;
    return to;
}

kvm_debugregs debug_registers(const cpu::VcpuState& from) {
    kvm_debugregs to{};
    for (unsigned i = 0; i < from.dr.size(); ++i) to.db[i] = from.dr[i];
    to.dr6 = from.dr6;
    to.dr7 = from.dr7;
    return to;
}

// KVM refuses components that the model lacks, and reserved bits of MXCSR.
XsaveArea extended_state(const cpu::VcpuState& from, std::uint64_t supported) {
    XsaveArea to{from.xsave};
    std::uint8_t* area = to.bytes.data();
    std::uint64_t components = 0;
    std::memcpy(&components, area + kXstateBv, sizeof components);
    components &= supported;
    std::memcpy(area + kXstateBv, &components, sizeof components);
    std::memset(area + kXcompBv, 0, kHeaderEnd - kXcompBv);
    std::uint32_t mxcsr = 0;
    std::memcpy(&mxcsr, area + kMxcsr, sizeof mxcsr);
    mxcsr &= kMxcsrBits;
    std::memcpy(area + kMxcsr, &mxcsr, sizeof mxcsr);
    return to;
}

std::uint32_t activity_of(const cpu::VcpuState& from) {
    if (from.waits_for_start_up) return KVM_MP_STATE_INIT_RECEIVED;  // of UNINITIALIZED, KVM drops a SIPI
    return from.halted ? KVM_MP_STATE_HALTED : KVM_MP_STATE_RUNNABLE;
}

// One KVM_SET_..., with its name for the error.
template <typename T>
Result<void> set(int fd, unsigned long request, const T& value, const char* what) {
    if (::ioctl(fd, request, &value) >= 0) return {};
    return Error(std::string("cannot set the ") + what + " of a vCPU of KVM: " + errno_text(errno) +
                 "; the state does not suit this host's processor");
}

}  // namespace

Result<void> KvmVcpu::set_state(const cpu::VcpuState& from) {
    const int fd = fd_.get();
    HOSPES_TRY(set(fd, KVM_SET_SREGS, system_registers(from, index_), "system registers"));
    HOSPES_TRY(set(fd, KVM_SET_REGS, general_registers(from), "general registers"));
    if (shared_.model.has(x86::Feature::XSAVE)) {
        kvm_xcrs xcrs{};
        xcrs.nr_xcrs = 1;
        xcrs.xcrs[0].value = from.xcr0;
        HOSPES_TRY(set(fd, KVM_SET_XCRS, xcrs, "XCR0"));
    }
    HOSPES_TRY(set(fd, kSetXsave, extended_state(from, shared_.model.supported_xcr0()), "XSAVE area"));
    HOSPES_TRY(set(fd, KVM_SET_DEBUGREGS, debug_registers(from), "debug registers"));
    StateMsrs msrs = state_msrs(shared_.model);
    for (unsigned i = 0; i < kMsrs.size(); ++i) msrs.entries[i].data = from.*kMsrs[i].field;
    const int done = ::ioctl(fd, kSetMsrs, &msrs);
    if (done != static_cast<int>(msrs.head.count)) {
        const std::uint32_t refused = kMsrs[done < 0 ? 0 : static_cast<unsigned>(done)].index;
        return Error("cannot set MSR " + std::to_string(refused) + " of a vCPU of KVM: it is refused");
    }
    msrs_.set_values(from.kept);
    if (shared_.speculation_control) {
        MsrBlock<1> speculation = speculation_msr(from.kept.spec_ctrl);
        if (::ioctl(fd, kSetMsrs, &speculation) != 1) return Error("cannot set IA32_SPEC_CTRL of a vCPU of KVM");
    }
    HOSPES_TRY(set(fd, KVM_SET_DEVICE_ATTR, tsc_offset_attribute(&from.tsc_offset), "time-stamp counter"));
    if (from.local_apic) HOSPES_TRY(set_local_apic(fd, *from.local_apic));
    kvm_vcpu_events events{};
    events.flags = KVM_VCPUEVENT_VALID_SHADOW | KVM_VCPUEVENT_VALID_NMI_PENDING;
    events.interrupt.shadow = from.interrupt_shadow ? KVM_X86_SHADOW_INT_STI : 0;
    events.nmi.masked = from.nmi_blocked ? 1 : 0;
    events.nmi.pending = from.nmi_pending ? 1 : 0;
    HOSPES_TRY(set(fd, KVM_SET_VCPU_EVENTS, events, "events"));
    kvm_mp_state activity{};
    activity.mp_state = activity_of(from);
    HOSPES_TRY(set(fd, KVM_SET_MP_STATE, activity, "activity"));
    run_->ready_for_interrupt_injection = 0;  // KVM_RUN will say
    given_ = false;
    return {};
}

// None of these fails on a vCPU that is there.
cpu::VcpuState KvmVcpu::state() const {
    const int fd = fd_.get();
    cpu::VcpuState to;
    kvm_mp_state activity{};
    ::ioctl(fd, KVM_GET_MP_STATE, &activity);  // first: an INIT or SIPI that waits is taken by it
    kvm_regs regs{};
    ::ioctl(fd, KVM_GET_REGS, &regs);
    for (unsigned i = 0; i < x86::kGprCount; ++i) to.gpr[i] = regs.*kGprs[i];
    to.rip = regs.rip;
    to.rflags = regs.rflags;
    kvm_sregs sregs{};
    ::ioctl(fd, KVM_GET_SREGS, &sregs);
    for (unsigned i = 0; i < x86::kSegmentCount; ++i) to.segments[i] = from_kvm(sregs.*kSegments[i]);
    to.ldtr = from_kvm(sregs.ldt);
    to.tr = from_kvm(sregs.tr);
    to.gdtr = {sregs.gdt.base, sregs.gdt.limit};
    to.idtr = {sregs.idt.base, sregs.idt.limit};
    to.cr0 = sregs.cr0, to.cr2 = sregs.cr2, to.cr3 = sregs.cr3, to.cr4 = sregs.cr4;
    to.efer = sregs.efer;
    kvm_xcrs xcrs{};
    ::ioctl(fd, KVM_GET_XCRS, &xcrs);
    if (xcrs.nr_xcrs > 0) to.xcr0 = xcrs.xcrs[0].value;
    XsaveArea xsave;
    ::ioctl(fd, kGetXsave, &xsave);
    to.xsave = xsave.bytes;
    kvm_debugregs debug{};
    ::ioctl(fd, KVM_GET_DEBUGREGS, &debug);
    for (unsigned i = 0; i < to.dr.size(); ++i) to.dr[i] = debug.db[i];
    to.dr6 = debug.dr6, to.dr7 = debug.dr7;
    StateMsrs msrs = state_msrs(shared_.model);
    ::ioctl(fd, kGetMsrs, &msrs);
    for (unsigned i = 0; i < msrs.head.count; ++i) to.*kMsrs[i].field = msrs.entries[i].data;
    to.kept = msrs_.values();
    if (shared_.speculation_control) {
        MsrBlock<1> speculation = speculation_msr(0);
        ::ioctl(fd, kGetMsrs, &speculation);
        to.kept.spec_ctrl = speculation.entries[0].data;
    }
    kvm_device_attr offset = tsc_offset_attribute(&to.tsc_offset);
    ::ioctl(fd, KVM_GET_DEVICE_ATTR, &offset);
    to.local_apic = local_apic_of(fd);
    to.local_apic->base = sregs.apic_base;
    kvm_vcpu_events events{};
    ::ioctl(fd, KVM_GET_VCPU_EVENTS, &events);
    to.interrupt_shadow = events.interrupt.shadow != 0;
    to.nmi_blocked = events.nmi.masked != 0;
    to.nmi_pending = events.nmi.pending != 0;
    to.halted = activity.mp_state == KVM_MP_STATE_HALTED;
    to.waits_for_start_up =
        activity.mp_state == KVM_MP_STATE_UNINITIALIZED || activity.mp_state == KVM_MP_STATE_INIT_RECEIVED;
    return to;
}

cpu::Exit KvmVcpu::failed(const std::string& what) const {
    const cpu::VcpuState registers = state();
    kvm_translation code{};
    code.linear_address = registers.segments[x86::CS].base + registers.rip;
    const bool mapped = ::ioctl(fd_.get(), KVM_TRANSLATE, &code) == 0 && code.valid != 0;
    const std::string bytes = mapped ? describe_code(shared_.ram, code.physical_address) : "nothing mapped at rip";
    return {cpu::ExitReason::Failed, "kvm: " + what + " " + describe_registers(registers) + ", " + bytes};
}

}  // namespace hospes::kvm
