#include "engine/kvm/allowed_requests.h"

#include "engine/kvm/requests.h"

namespace hospes::kvm {

std::vector<std::uint32_t> allowed_requests() {
    static constexpr unsigned long kRequests[] = {
        // While the guest runs, the most frequent first.
        KVM_RUN,
        KVM_SIGNAL_MSI,
        KVM_INTERRUPT,
        kSetGsiRouting,
        KVM_GET_VCPU_EVENTS,
        KVM_GET_DIRTY_LOG,
        KVM_CLEAR_DIRTY_LOG,
        KVM_SET_GUEST_DEBUG,
        // When it fails: the registers for the report.
        KVM_GET_REGS,
        KVM_GET_SREGS,
        KVM_GET_XCRS,
        kGetXsave,
        KVM_GET_DEBUGREGS,
        kGetMsrs,
        KVM_GET_DEVICE_ATTR,
        KVM_GET_MP_STATE,
        KVM_TRANSLATE,
        // A new VM and its vCPU.
        KVM_CHECK_EXTENSION,
        KVM_CREATE_VM,
        KVM_SET_IDENTITY_MAP_ADDR,
        KVM_SET_TSS_ADDR,
        KVM_SET_USER_MEMORY_REGION,
        KVM_ENABLE_CAP,
        KVM_X86_SET_MSR_FILTER,
        KVM_CREATE_VCPU,
        kSetCpuid2,
        KVM_GET_LAPIC,
        KVM_SET_LAPIC,
        KVM_SET_SREGS,
        KVM_SET_REGS,
        KVM_SET_XCRS,
        kSetXsave,
        KVM_SET_DEBUGREGS,
        kSetMsrs,
        KVM_SET_DEVICE_ATTR,
        KVM_SET_VCPU_EVENTS,
        KVM_SET_MP_STATE,
    };
    return {std::begin(kRequests), std::end(kRequests)};
}

}  // namespace hospes::kvm
