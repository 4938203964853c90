// CPUID leaves in the form in which they go to KVM and come from it.
#pragma once

#include <linux/kvm.h>

#include <cstddef>
#include <vector>

#include "x86/cpuid_model.h"

namespace hospes::kvm {

class CpuidTable {
  public:
    static constexpr unsigned kMost = 256;

    // What the model says to guests on vCPU `vcpu`. KVM itself keeps up what mirrors state (OSXSAVE, XSAVE sizes).
    static CpuidTable of_model(const x86::CpuidModel& model, unsigned vcpu);

    // To be filled (KVM_GET_SUPPORTED_CPUID).
    CpuidTable() : CpuidTable(std::vector<kvm_cpuid_entry2>(kMost)) {}

    void* for_kernel() { return bytes_.data(); }
    std::vector<kvm_cpuid_entry2> entries() const;

  private:
    explicit CpuidTable(const std::vector<kvm_cpuid_entry2>& entries);

    std::vector<std::byte> bytes_;  // ListHead and the entries
};

}  // namespace hospes::kvm
