// The host's KVM, opened: what it can give to guests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "x86/cpuid_model.h"

struct kvm_cpuid_entry2;

namespace hospes::kvm {

class Host {
  public:
    // Errors: no KVM here that the engine can use.
    static Result<Host> open(const std::string& path = "/dev/kvm");
    Host(Host&&) noexcept;
    Host& operator=(Host&&) noexcept;
    ~Host();

    // A new, empty VM.
    Result<UniqueFd> create_vm() const;
    unsigned max_vcpus() const;
    int descriptor() const { return device_.get(); }
    // Bytes of a vCPU's shared page.
    std::size_t run_size() const { return run_size_; }

    // Whether guests can have the feature: the processor has it and KVM lets it through, or it is done in software.
    bool has(x86::Feature feature) const;
    // Whether IA32_SPEC_CTRL with all bits that the models show, and IA32_PRED_CMD, are the processor's.
    bool has_speculation_control() const;
    // IA32_ARCH_CAPABILITIES, as it is true for guests on this processor.
    std::uint64_t arch_capabilities() const;

  private:
    Host(UniqueFd device, std::size_t run_size);
    Result<void> read_cpuid();
    x86::CpuidLeaf leaf(std::uint32_t function, std::uint32_t subfunction) const;

    UniqueFd device_;
    std::size_t run_size_;
    std::vector<kvm_cpuid_entry2> supported_;
};

}  // namespace hospes::kvm
