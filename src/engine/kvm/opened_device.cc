#include "engine/kvm/opened_device.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/result.h"

namespace hospes::kvm {

namespace {

struct Requirement {
    int capability;
    const char* name;  // and since when
};

// The youngest is of Linux 5.16.
constexpr auto kRequirements = std::to_array<Requirement>({
    {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    {KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
    {KVM_CAP_VCPU_EVENTS, "KVM_CAP_VCPU_EVENTS"},
    {KVM_CAP_DEBUGREGS, "KVM_CAP_DEBUGREGS"},
    {KVM_CAP_XSAVE, "KVM_CAP_XSAVE"},
    {KVM_CAP_XCRS, "KVM_CAP_XCRS"},
    {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT (Linux 4.13)"},
    {KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 (Linux 5.2)"},
    {KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
    {KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP (Linux 4.4)"},
    {KVM_CAP_TSC_DEADLINE_TIMER, "KVM_CAP_TSC_DEADLINE_TIMER"},
    {KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR (Linux 5.10)"},
    {KVM_CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER (Linux 5.10)"},
    {KVM_CAP_VCPU_ATTRIBUTES, "KVM_CAP_VCPU_ATTRIBUTES (Linux 5.16)"},
});

Fault fault_of_open(int error) {
    if (error == EACCES || error == EPERM) return Fault::NoPermission;
    const bool absent = error == ENOENT || error == ENODEV || error == ENXIO || error == ENOTDIR;
    return absent ? Fault::Absent : Fault::NotKvm;
}

// What is wrong with an open descriptor.
OpenedDevice look_at(int fd) {
    OpenedDevice found{fd};
    found.version = ::ioctl(fd, KVM_GET_API_VERSION, 0);
    if (found.version < 0) {
        found.fault = Fault::NotKvm;
        found.error = errno;
    } else if (found.version != KVM_API_VERSION) {
        found.fault = Fault::OldApi;
    }
    if (found.fault != Fault::None) return found;
    for (const Requirement& requirement : kRequirements) {
        if (::ioctl(fd, KVM_CHECK_EXTENSION, requirement.capability) > 0) continue;
        found.fault = Fault::OldApi;
        found.lacking = requirement.name;
        break;
    }
    return found;
}

}  // namespace

OpenedDevice open_device(const char* path) {
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return {-1, fault_of_open(errno), errno};
    OpenedDevice found = look_at(fd);
    if (found.fault == Fault::None) return found;
    ::close(fd);
    found.fd = -1;
    return found;
}

std::string explain(const OpenedDevice& opened, const std::string& path) {
    switch (opened.fault) {
        case Fault::None: return path + " is there";
        case Fault::Absent:
            return path + " is absent (" + errno_text(opened.error) +
                   "); load the module kvm_amd or kvm_intel, and enable virtualization in the firmware";
        case Fault::NoPermission:
            return path + " may not be opened (" + errno_text(opened.error) +
                   "); add yourself to the group kvm, and log in again";
        case Fault::NotKvm:
            return path + " is not KVM (" + errno_text(opened.error) + "); see what has been put in its place";
        case Fault::OldApi: break;
    }
    const std::string why = opened.lacking != nullptr ? std::string(" lacks ") + opened.lacking
                                                      : " has version " + std::to_string(opened.version) +
                                                            " of the API, not " + std::to_string(KVM_API_VERSION);
    return path + why + "; use a newer kernel";
}

}  // namespace hospes::kvm
