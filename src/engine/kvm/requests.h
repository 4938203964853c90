// The requests whose structure ends in a flexible array: <linux/kvm.h> makes a larger one of it in C++ than in C, and
// so another number of the request.
#pragma once

#include <linux/kvm.h>

#include <array>
#include <cstdint>

namespace hospes::kvm {

// The fixed part of struct kvm_cpuid2, struct kvm_msrs and struct kvm_irq_routing.
struct ListHead {
    std::uint32_t count = 0, pad = 0;
};

inline constexpr unsigned long kGetSupportedCpuid = _IOWR(KVMIO, 0x05, ListHead);
inline constexpr unsigned long kSetCpuid2 = _IOW(KVMIO, 0x90, ListHead);
inline constexpr unsigned long kGetMsrs = _IOWR(KVMIO, 0x88, ListHead);
inline constexpr unsigned long kSetGsiRouting = _IOW(KVMIO, 0x6a, ListHead);
inline constexpr unsigned long kSetMsrs = _IOW(KVMIO, 0x89, ListHead);

// struct kvm_xsave without what may follow it: the models have no components behind its end.
struct XsaveArea {
    std::array<std::uint8_t, 4096> bytes{};
};
inline constexpr unsigned long kGetXsave = _IOR(KVMIO, 0xa4, XsaveArea);
inline constexpr unsigned long kSetXsave = _IOW(KVMIO, 0xa5, XsaveArea);

}  // namespace hospes::kvm
