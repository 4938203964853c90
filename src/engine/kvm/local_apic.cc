#include "engine/kvm/local_apic.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engine/kvm/msr_block.h"
#include "x86/msr.h"

namespace hospes::kvm {

namespace {

enum Register : unsigned { kSpuriousVector = 0xf0, kLint0 = 0x350, kLint1 = 0x360 };

void put(kvm_lapic_state& apic, Register offset, std::uint32_t value) {
    std::memcpy(apic.regs + offset, &value, sizeof value);
}

constexpr unsigned kWordStep = 16;

MsrBlock<2> msrs_of(const x86::LocalApicRegisters& registers) {
    MsrBlock<2> block;
    block.head.count = 2;
    block.entries[0].index = x86::msr::IA32_TSC_DEADLINE;
    block.entries[0].data = registers.deadline;
    block.entries[1].index = x86::msr::MSR_KVM_PV_EOI_EN;
    block.entries[1].data = registers.pv_eoi;
    return block;
}

}  // namespace

// Also where nothing changes: KVM's map from IDs to local APICs has a vCPU's only once something set it after its
// creation (Linux 6.1). Until then an INIT for it is lost.
Result<void> set_up_local_apic(int vcpu, bool bootstrap) {
    kvm_lapic_state apic{};
    const bool got = ::ioctl(vcpu, KVM_GET_LAPIC, &apic) == 0;
    if (bootstrap) {
        put(apic, kSpuriousVector, 0x1ff);
        put(apic, kLint0, 0x700);
        put(apic, kLint1, 0x400);
    }
    if (got && ::ioctl(vcpu, KVM_SET_LAPIC, &apic) == 0) return {};
    return Error("cannot set up a local APIC of KVM: " + errno_text(errno));
}

// None of these fails on a vCPU that is there.
x86::LocalApicRegisters local_apic_of(int vcpu) {
    x86::LocalApicRegisters to;
    kvm_lapic_state apic{};
    ::ioctl(vcpu, KVM_GET_LAPIC, &apic);
    for (unsigned i = 0; i < to.words.size(); ++i)
        std::memcpy(&to.words[i], apic.regs + i * kWordStep, sizeof to.words[i]);
    MsrBlock<2> msrs = msrs_of(to);
    ::ioctl(vcpu, kGetMsrs, &msrs);
    to.deadline = msrs.entries[0].data;
    to.pv_eoi = msrs.entries[1].data;
    return to;
}

Result<void> set_local_apic(int vcpu, const x86::LocalApicRegisters& registers) {
    kvm_lapic_state apic{};
    for (unsigned i = 0; i < registers.words.size(); ++i) {
        std::memcpy(apic.regs + i * kWordStep, &registers.words[i], sizeof registers.words[i]);
    }
    MsrBlock<2> msrs = msrs_of(registers);
    if (::ioctl(vcpu, KVM_SET_LAPIC, &apic) == 0 && ::ioctl(vcpu, kSetMsrs, &msrs) == 2) return {};
    return Error("cannot set the local APIC of a vCPU of KVM: " + errno_text(errno) +
                 "; the state does not suit this host's KVM");
}

}  // namespace hospes::kvm
