#include "engine/kvm/host.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "engine/kvm/cpuid_table.h"
#include "engine/kvm/msr_block.h"
#include "engine/kvm/opened_device.h"
#include "x86/host_features.h"
#include "x86/msr.h"

namespace hospes::kvm {

Host::Host(UniqueFd device, std::size_t run_size) : device_(std::move(device)), run_size_(run_size) {}
Host::Host(Host&&) noexcept = default;
Host& Host::operator=(Host&&) noexcept = default;
Host::~Host() = default;

Result<Host> Host::open(const std::string& path) {
    const OpenedDevice opened = open_device(path.c_str());
    if (opened.fault != Fault::None) return Error("cannot use KVM: " + explain(opened, path));
    UniqueFd device(opened.fd);
    const int run_size = ::ioctl(device.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
    if (run_size < 0) return Error("cannot use KVM: no size of a vCPU's page: " + errno_text(errno));
    Host host(std::move(device), static_cast<std::size_t>(run_size));
    HOSPES_TRY(host.read_cpuid());
    return host;
}

Result<void> Host::read_cpuid() {
    CpuidTable table;
    if (::ioctl(device_.get(), kGetSupportedCpuid, table.for_kernel()) != 0) {
        return Error("cannot use KVM: it does not say what CPUID may say: " + errno_text(errno));
    }
    supported_ = table.entries();
    return {};
}

Result<UniqueFd> Host::create_vm() const {
    const int vm = ::ioctl(device_.get(), KVM_CREATE_VM, 0);
    if (vm < 0) return Error("cannot create a VM with KVM: " + errno_text(errno) + "; end other VMs");
    return UniqueFd(vm);
}

unsigned Host::max_vcpus() const {
    const int most = ::ioctl(device_.get(), KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
    return most > 0 ? static_cast<unsigned>(most) : 1;
}

x86::CpuidLeaf Host::leaf(std::uint32_t function, std::uint32_t subfunction) const {
    for (const kvm_cpuid_entry2& entry : supported_) {
        const bool indexed = (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0;
        if (entry.function != function || (indexed && entry.index != subfunction)) continue;
        return {entry.eax, entry.ebx, entry.ecx, entry.edx};
    }
    return {};
}

bool Host::has(x86::Feature feature) const {
    switch (feature) {
        case x86::Feature::X2APIC:
        case x86::Feature::TSC_DEADLINE:  // of KVM's local APIC
        case x86::Feature::ERMS:
        case x86::Feature::FSRM:
        case x86::Feature::PREFETCHW: return true;  // promises of speed: their instructions run anywhere
        default: break;
    }
    const x86::FeaturePlace* place = x86::feature_place(feature);
    return place != nullptr && place->set_in(leaf(place->function, place->subfunction));
}

bool Host::has_speculation_control() const {
    constexpr std::uint32_t kAll = 1u << 26 | 1u << 27 | 1u << 31;  // SPEC_CTRL and PRED_CMD, STIBP, SSBD
    return (leaf(7, 0).edx & kAll) == kAll;
}

std::uint64_t Host::arch_capabilities() const {
    MsrBlock<1> request;
    request.head.count = 1;
    request.entries[0].index = x86::msr::IA32_ARCH_CAPABILITIES;
    if (::ioctl(device_.get(), kGetMsrs, &request) != 1) return 0;
    return request.entries[0].data;
}

}  // namespace hospes::kvm
