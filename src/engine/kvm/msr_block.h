// MSRs in the form in which they go to KVM and come from it: struct kvm_msrs with its entries behind it.
#pragma once

#include <linux/kvm.h>

#include <array>
#include <cstddef>

#include "engine/kvm/requests.h"

namespace hospes::kvm {

template <std::size_t most>
struct MsrBlock {
    ListHead head;
    std::array<kvm_msr_entry, most> entries{};
};

}  // namespace hospes::kvm
