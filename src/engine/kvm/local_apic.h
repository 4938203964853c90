// The local APIC of a vCPU of KVM.
#pragma once

#include "base/result.h"
#include "x86/local_apic.h"

namespace hospes::kvm {

// Makes the local APIC of a new vCPU ready for messages. That of the bootstrap processor is left as firmware leaves it:
// enabled, LINT0 = ExtINT, LINT1 = NMI ("virtual wire mode", MultiProcessor Specification 3.6.2.2).
Result<void> set_up_local_apic(int vcpu, bool bootstrap);

// All but IA32_APIC_BASE, which is among KVM's system registers. To be set after those and after the time-stamp
// counter.
x86::LocalApicRegisters local_apic_of(int vcpu);
Result<void> set_local_apic(int vcpu, const x86::LocalApicRegisters& registers);

}  // namespace hospes::kvm
