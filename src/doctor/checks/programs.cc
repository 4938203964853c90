#include <unistd.h>

#include <set>
#include <span>

#include "doctor/checks/checks.h"
#include "doctor/commands.h"

namespace hospes::doctor {

namespace {

struct Program {
    const char* name;
    const char* package;
};

constexpr Program kForRunning[] = {{"mke2fs", "e2fsprogs"}};
constexpr Program kForBuilding[] = {
    {"apt-get", "apt"},        {"dpkg-deb", "dpkg"},         {"gpgv", "gpgv"},
    {"xz", "xz-utils"},        {"depmod", "kmod"},           {"tar2sqfs", "squashfs-tools-ng"},
    {"unshare", "util-linux"}, {"mmdebstrap", "mmdebstrap"},
};
constexpr Program kForBuildingAsUser[] = {{"newuidmap", "uidmap"}};

class Missing {
  public:
    void look_for(std::span<const Program> programs) {
        for (const Program& program : programs) {
            if (!find_program(program.name).empty()) continue;
            names_ += (names_.empty() ? "" : ", ") + std::string(program.name);
            packages_.insert(program.package);
        }
    }
    bool none() const { return packages_.empty(); }

    Finding finding(Severity severity, const std::string& cost) const {
        std::string packages;
        for (const std::string& package : packages_) packages += (packages.empty() ? "" : " ") + package;
        return {Topic::Images, "package.missing", severity, "not installed: " + names_, cost, install(packages)};
    }

  private:
    std::string names_;
    std::set<std::string> packages_;
};

}  // namespace

Findings check_programs() {
    Findings findings;
    Missing for_running;
    for_running.look_for(kForRunning);
    if (!for_running.none()) {
        findings.push_back(
            for_running.finding(Severity::Problem, "no VM starts: its layer's file system cannot be made"));
    }
    Missing for_building;
    for_building.look_for(kForBuilding);
    if (::geteuid() != 0) for_building.look_for(kForBuildingAsUser);
    if (!for_building.none()) {
        findings.push_back(for_building.finding(Severity::Warning, "images cannot be built, or not all of them"));
    }
    if (!findings.empty()) return findings;
    return {{Topic::Images, "package.all-there", Severity::Ok, "all programs that images need are installed", "", ""}};
}

}  // namespace hospes::doctor
