#include "image/build/memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace hospes::image {

namespace {

constexpr const char* kGroups = "/sys/fs/cgroup";

// The number in a file of one line. "max", or no such file: as good as endless.
std::uint64_t number_in(const std::string& path, std::uint64_t otherwise) {
    std::uint64_t number = 0;
    std::ifstream file(path);
    return file >> number ? number : otherwise;
}

std::uint64_t available_on_host() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t kilobytes = 0;
        if (words >> name >> kilobytes && name == "MemAvailable:") return kilobytes << 10;
    }
    return 0;
}

std::uint64_t left_in_group(const std::string& folder) {
    const std::uint64_t limit = number_in(folder + "/memory.max", UINT64_MAX);
    const std::uint64_t used = limit == UINT64_MAX ? 0 : number_in(folder + "/memory.current", limit);
    return limit - std::min(limit, used);
}

// This process's group below the root of them: "/user.slice/session-1.scope". As a container sees it, often "/".
std::string own_group() {
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("0::/")) return line.substr(3);
    }
    return "/";
}

}  // namespace

std::uint64_t memory_at_hand() {
    std::uint64_t least = available_on_host();
    for (std::string group = own_group(); !group.empty(); group.resize(group.rfind('/'))) {
        least = std::min(least, left_in_group(kGroups + group));
    }
    return std::min(least, left_in_group(kGroups));
}

}  // namespace hospes::image
