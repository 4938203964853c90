#include <cpuid.h>

#include "doctor/checks/checks.h"
#include "doctor/commands.h"

namespace hospes::doctor {

namespace {

// The kernel module for this processor's virtualization; "" if it has none, as in most cloud machines.
std::string module_name() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    constexpr unsigned kVmx = 1u << 5, kSvm = 1u << 2;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & kVmx) != 0) return "kvm_intel";
    if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) != 0 && (ecx & kSvm) != 0) return "kvm_amd";
    return "";
}

}  // namespace

Finding check_kvm(const engine::KvmFinding& kvm) {
    using Kind = engine::KvmFinding;
    Finding finding{Topic::Engine, "kvm.works", Severity::Ok, kvm.detail.substr(0, kvm.detail.find(';')), "", ""};
    if (kvm.kind == Kind::Works) return finding;
    finding.cost = "VMs run on the translator, slower than with KVM";
    finding.severity = Severity::Warning;
    const std::string module = module_name();
    switch (kvm.kind) {
        case Kind::Absent:
            finding.code = "kvm.absent";
            finding.severity = Severity::Note;
            if (module.empty()) {
                finding.cost += "; no command helps: this CPU has no virtualization, or the hypervisor below hides it";
            } else {
                finding.mend = as_root("modprobe " + module);
            }
            break;
        case Kind::NoPermission:
            finding.code = "kvm.no-permission";
            finding.cost += "; membership counts from the next login on";
            finding.mend = as_root("usermod -aG kvm " + user_name());
            break;
        case Kind::OldApi:
            finding.code = "kvm.old";
            finding.mend = install("linux-image-amd64");
            break;
        default:
            finding.code = "kvm.broken";
            finding.cost += "; the kernel's log (dmesg) may say why";
            break;
    }
    return finding;
}

}  // namespace hospes::doctor
