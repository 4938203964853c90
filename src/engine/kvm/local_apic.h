// The local APIC of a vCPU of KVM.
#pragma once

#include "base/result.h"

namespace hospes::kvm {

// What firmware leaves behind on the bootstrap processor: enabled, LINT0 = ExtINT, LINT1 = NMI ("virtual wire mode",
// MultiProcessor Specification 3.6.2.2).
Result<void> set_up_virtual_wire(int vcpu);

}  // namespace hospes::kvm
