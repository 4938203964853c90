#include "engine/kvm/msr_filter.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>

#include "x86/msr.h"

namespace hospes::kvm {

namespace {

using namespace x86::msr;

// Up to 64 registers from `base` on: bit i set admits register base + i.
struct Admitted {
    std::uint32_t base;
    alignas(8) std::array<std::uint8_t, 8> bits{};

    void add(std::initializer_list<std::uint32_t> registers) {
        for (const std::uint32_t index : registers) {
            bits[(index - base) / 8] |= static_cast<std::uint8_t>(1u << (index - base) % 8);
        }
    }
};

kvm_msr_filter_range range_of(Admitted& admitted) {
    kvm_msr_filter_range range{};
    range.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE;
    range.base = admitted.base;
    range.nmsrs = 64;
    range.bitmap = admitted.bits.data();
    return range;
}

}  // namespace

Result<void> filter_msrs(int vm, bool speculation_control) {
    Admitted low{IA32_TIME_STAMP_COUNTER};
    low.add({IA32_TIME_STAMP_COUNTER, IA32_APIC_BASE, IA32_TSC_ADJUST});
    if (speculation_control) low.add({IA32_SPEC_CTRL, IA32_PRED_CMD});
    Admitted deadline{IA32_TSC_DEADLINE};
    deadline.add({IA32_TSC_DEADLINE});
    Admitted sysenter{IA32_SYSENTER_CS};
    sysenter.add({IA32_SYSENTER_CS, IA32_SYSENTER_ESP, IA32_SYSENTER_EIP});
    Admitted pat{IA32_PAT};
    pat.add({IA32_PAT});
    Admitted xss{IA32_XSS};  // its bits are those of CPUID
    xss.add({IA32_XSS});
    Admitted paravirtual{MSR_KVM_WALL_CLOCK_NEW};
    paravirtual.add({MSR_KVM_PV_EOI_EN});
    Admitted calls{IA32_EFER};
    calls.add({IA32_EFER, IA32_STAR, IA32_LSTAR, IA32_CSTAR, IA32_FMASK});
    Admitted bases{IA32_FS_BASE};
    bases.add({IA32_FS_BASE, IA32_GS_BASE, IA32_KERNEL_GS_BASE, IA32_TSC_AUX});

    kvm_enable_cap exits{};
    exits.cap = KVM_CAP_X86_USER_SPACE_MSR;
    exits.args[0] = KVM_MSR_EXIT_REASON_FILTER | KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL;
    kvm_msr_filter filter{};
    filter.flags = KVM_MSR_FILTER_DEFAULT_DENY;
    unsigned count = 0;
    for (Admitted* each : {&low, &deadline, &sysenter, &pat, &xss, &paravirtual, &calls, &bases})
        filter.ranges[count++] = range_of(*each);
    if (::ioctl(vm, KVM_ENABLE_CAP, &exits) == 0 && ::ioctl(vm, KVM_X86_SET_MSR_FILTER, &filter) == 0) return {};
    return Error("cannot have KVM filter the guest's MSRs: " + errno_text(errno) + "; use a newer kernel");
}

}  // namespace hospes::kvm
