#include "doctor/cgroup_files.h"

#include "doctor/host_files.h"

namespace hospes::doctor {

namespace {

// mountinfo writes a space as \040.
std::string without_escapes(std::string_view word) {
    std::string text;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const auto digit = [&](std::size_t place) { return word[at + place] >= '0' && word[at + place] <= '7'; };
        if (word[at] == '\\' && at + 3 < word.size() && digit(1) && digit(2) && digit(3)) {
            text += static_cast<char>((word[at + 1] - '0') * 64 + (word[at + 2] - '0') * 8 + (word[at + 3] - '0'));
            at += 3;
        } else {
            text += word[at];
        }
    }
    return text;
}

}  // namespace

std::optional<std::string> unified_group(std::string_view self_cgroup) {
    while (const auto line = next_line(self_cgroup)) {
        if (line->starts_with("0::/")) return std::string(line->substr(3));
    }
    return std::nullopt;
}

bool has_version_1(std::string_view self_cgroup) {
    while (const auto line = next_line(self_cgroup)) {
        const std::size_t begin = line->find(':');
        if (begin == std::string_view::npos) continue;
        std::string controllers = ",";
        controllers.append(line->substr(begin + 1, line->find(':', begin + 1) - begin - 1)).append(",");
        if (controllers.find(",memory,") != std::string::npos || controllers.find(",cpu,") != std::string::npos) {
            return true;
        }
    }
    return false;
}

std::optional<CgroupMount> unified_mount(std::string_view mountinfo) {
    while (auto line = next_line(mountinfo)) {
        const std::size_t dash = line->find(" - ");
        if (dash == std::string_view::npos) continue;
        std::string_view kind = line->substr(dash + 3);
        if (next_word(kind) != "cgroup2") continue;
        for (int skipped = 0; skipped < 3; ++skipped) next_word(*line);  // ids and device
        const std::string root = without_escapes(next_word(*line));
        return CgroupMount{root, without_escapes(next_word(*line))};
    }
    return std::nullopt;
}

std::optional<std::string> folder_of_group(const CgroupMount& mount, const std::string& group) {
    if (group.find("/..") != std::string::npos) return std::nullopt;
    if (mount.root == "/") return mount.where + (group == "/" ? "" : group);
    if (group == mount.root) return mount.where;
    if (group.starts_with(mount.root + "/")) return mount.where + group.substr(mount.root.size());
    return std::nullopt;
}

std::optional<std::uint64_t> memory_limit(std::string_view memory_max) { return number_of(next_word(memory_max)); }

std::optional<double> cpu_limit(std::string_view cpu_max) {
    const auto quota = number_of(next_word(cpu_max));
    const auto period = number_of(next_word(cpu_max));
    if (!quota || !period || *period == 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace hospes::doctor
