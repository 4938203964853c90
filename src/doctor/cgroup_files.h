// What /proc and the cgroup file system (version 2) say of the limits of a process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hospes::doctor {

// The process's group in the unified hierarchy, from /proc/self/cgroup ("0::/user.slice/..."). It may lead above the
// root of its namespace ("/../x").
std::optional<std::string> unified_group(std::string_view self_cgroup);

// Whether memory or CPU are limited by version 1 here, which the lines of /proc/self/cgroup tell.
bool has_version_1(std::string_view self_cgroup);

struct CgroupMount {
    std::string root;   // of the hierarchy, what is seen at `where`: "/" mostly
    std::string where;  // "/sys/fs/cgroup"
};
// Where the unified hierarchy is mounted, from /proc/self/mountinfo.
std::optional<CgroupMount> unified_mount(std::string_view mountinfo);

// The folder of `group` below the mount, or nothing if it is not to be seen there.
std::optional<std::string> folder_of_group(const CgroupMount& mount, const std::string& group);

// memory.max in bytes; nothing if it does not limit.
std::optional<std::uint64_t> memory_limit(std::string_view memory_max);

// cpu.max as a number of CPUs; nothing if it does not limit.
std::optional<double> cpu_limit(std::string_view cpu_max);

}  // namespace hospes::doctor
