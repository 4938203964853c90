#include <sys/statvfs.h>

#include "doctor/checks/checks.h"
#include "doctor/host_files.h"

namespace hospes::doctor {

Finding check_free_disk(const std::string& folder) {
    // An empty layer with its file system; an image of Debian and what its building takes.
    constexpr std::uint64_t kLeast = 64ull << 20, kGood = 2ull << 30;
    struct statvfs facts {};
    if (::statvfs(folder.c_str(), &facts) != 0) {
        return {
            Topic::Storage, "disk.unknown", Severity::Warning, "cannot tell how much room " + folder + " has", "", ""};
    }
    const std::uint64_t free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    Finding finding{Topic::Storage, "disk.enough", Severity::Ok, size_text(free) + " are free in " + folder, "", ""};
    if (free >= kGood) return finding;
    finding.code = "disk.low";
    finding.severity = free < kLeast ? Severity::Problem : Severity::Warning;
    finding.summary = "only " + finding.summary;
    finding.cost =
        free < kLeast ? "no VM starts: its layer has no room" : "images cannot be built; what VMs write may fail";
    finding.mend = "export XDG_DATA_HOME=/FOLDER/WITH/ROOM";
    return finding;
}

}  // namespace hospes::doctor
