#include <algorithm>
#include <cstdio>
#include <functional>

#include "doctor/cgroup_files.h"
#include "doctor/checks/checks.h"
#include "doctor/commands.h"
#include "doctor/host_files.h"

namespace hospes::doctor {

namespace {

constexpr std::uint64_t kGibibyte = 1ull << 30;
constexpr std::uint64_t kLeastMemory = 192ull << 20;  // a micro VM and what it takes to run it

// The tightest limit of a group and those above it.
template <typename Number>
struct Tightest {
    std::optional<Number> limit;
    std::string folder;

    void consider(const std::optional<Number>& other, const std::string& of) {
        if (!other || (limit && *limit <= *other)) return;
        limit = other;
        folder = of;
    }
};

struct Limits {
    Tightest<std::uint64_t> memory;
    Tightest<double> cpus;
};

Limits limits_of(const CgroupMount& mount, std::string folder) {
    Limits limits;
    for (;;) {
        limits.memory.consider(memory_limit(read_text(folder + "/memory.max").value_or("")), folder);
        limits.cpus.consider(cpu_limit(read_text(folder + "/cpu.max").value_or("")), folder);
        if (folder.size() <= mount.where.size()) return limits;
        folder.erase(folder.rfind('/'));
    }
}

// The command that lifts a limit; "" at the root of what a container sees, which only its keeper can change.
std::string lift(const CgroupMount& mount, const std::string& folder, const std::string& file,
                 const std::string& property) {
    if (folder == mount.where) return "";
    const std::string unit = folder.substr(folder.rfind('/') + 1);
    for (const char* kind : {".service", ".scope", ".slice"}) {
        if (!unit.ends_with(kind)) continue;
        // A user's own units have a manager of their own.
        if (folder.find("/user@") != std::string::npos && !unit.starts_with("user@")) {
            return "systemctl --user set-property --runtime " + unit + " " + property;
        }
        return as_root("systemctl set-property --runtime " + unit + " " + property);
    }
    return write_as_root("max", folder + "/" + file);
}

std::string whose(const CgroupMount& mount, const std::string& folder) {
    return folder == mount.where ? "this container" : "the cgroup " + folder.substr(mount.where.size());
}

Finding memory_finding(const CgroupMount& mount, const Tightest<std::uint64_t>& memory) {
    const std::uint64_t limit = *memory.limit;
    const Severity severity = limit < kLeastMemory ? Severity::Problem
                              : limit < kGibibyte  ? Severity::Warning
                                                   : Severity::Note;
    return {Topic::Memory,
            "cgroup.limit.memory",
            severity,
            whose(mount, memory.folder) + " has at most " + size_text(limit) + " of memory",
            "VMs that need more together are killed; a VM takes what its guest uses, and some 100 MiB",
            lift(mount, memory.folder, "memory.max", "MemoryMax=infinity")};
}

Finding cpu_finding(const CgroupMount& mount, const Tightest<double>& cpus) {
    char count[32];
    std::snprintf(count, sizeof count, "%.2g", *cpus.limit);
    return {Topic::Processor,
            "cgroup.limit.cpu",
            *cpus.limit < 1 ? Severity::Warning : Severity::Note,
            whose(mount, cpus.folder) + " has " + count + " CPUs",
            "VMs that use more together are halted at times",
            lift(mount, cpus.folder, "cpu.max", "CPUQuota=")};
}

}  // namespace

Findings check_cgroup_limits() {
    Findings findings;
    const std::string self = read_text("/proc/self/cgroup").value_or("");
    const auto group = unified_group(self);
    const auto mount = unified_mount(read_text("/proc/self/mountinfo").value_or(""));
    const auto folder = group && mount ? folder_of_group(*mount, *group) : std::nullopt;
    if (folder) {
        const Limits limits = limits_of(*mount, *folder);
        if (limits.memory.limit) findings.push_back(memory_finding(*mount, limits.memory));
        if (limits.cpus.limit) findings.push_back(cpu_finding(*mount, limits.cpus));
    }
    if (!findings.empty()) return findings;
    if (has_version_1(self)) {
        return {{Topic::Memory, "cgroup.version-1", Severity::Note, "limits are set by cgroups of version 1 here",
                 "if there are any, they are not shown here", ""}};
    }
    return {{Topic::Memory, "cgroup.no-limit", Severity::Ok, "no cgroup limits memory or CPUs", "", ""}};
}

}  // namespace hospes::doctor
