#include "engine/kvm/local_apic.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace hospes::kvm {

namespace {

enum Register : unsigned { kSpuriousVector = 0xf0, kLint0 = 0x350, kLint1 = 0x360 };

void put(kvm_lapic_state& apic, Register offset, std::uint32_t value) {
    std::memcpy(apic.regs + offset, &value, sizeof value);
}

}  // namespace

Result<void> set_up_virtual_wire(int vcpu) {
    kvm_lapic_state apic{};
    const bool got = ::ioctl(vcpu, KVM_GET_LAPIC, &apic) == 0;
    put(apic, kSpuriousVector, 0x1ff);
    put(apic, kLint0, 0x700);
    put(apic, kLint1, 0x400);
    if (got && ::ioctl(vcpu, KVM_SET_LAPIC, &apic) == 0) return {};
    return Error("cannot set up a local APIC of KVM: " + errno_text(errno));
}

}  // namespace hospes::kvm
