#include <unistd.h>

#include <algorithm>

#include "image/build/debian.h"
#include "image/build/debian_files.h"
#include "image/build/squashfs.h"
#include "image/build/unpack_script.h"
#include "image/files.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

constexpr const char* kMemory = "1024";  // MiB

// What mmdebstrap's variant minbase consists of, and what we want.
std::vector<std::string> requested() {
    std::vector<std::string> packages = {"?essential", "?priority(required)", "apt"};
    packages.insert(packages.end(), wanted_packages().begin(), wanted_packages().end());
    return packages;
}

void take_line(std::string_view line, std::size_t packages, std::size_t& seen, Progress& progress) {
    // Each package is told of twice: unpacked, set up.
    if (line.starts_with("Unpacking ") || line.starts_with("Setting up ")) {
        ++seen;
        progress.percent(
            static_cast<unsigned>(std::min<std::size_t>(seen * 45 / std::max<std::size_t>(packages, 1), 95)));
    }
}

}  // namespace

Result<std::vector<std::string>> bootstrap_in_vm(const DebianRecipe& recipe, const Archive& archive,
                                                 Progress& progress) {
    HOSPES_TRY(make_folder(recipe.folder));
    const auto names = HOSPES_TRY(archive.closure(requested()));
    const auto packages = HOSPES_TRY(archive.download(names, recipe.folder + "/debs", progress));
    HOSPES_TRY(write_debian_files(recipe.suite, recipe.folder + "/files"));
    HOSPES_TRY(write_new(recipe.folder + "/unpack", unpack_script()));
    const std::string sent = recipe.folder + "/sent.tar";
    HOSPES_TRY(tool::run({{"tar", "-C", recipe.folder, "-cf", sent, "debs", "files", "unpack"}}));

    const UniqueFd input = HOSPES_TRY(open_to_read(sent));
    std::size_t seen = 0;
    tool::Tool vm{{"/proc/self/exe", "run", "--memory", kMemory, "micro", "--", "sh", "-c",
                   "mkdir /work && cd /work && tar -x && exec sh unpack " + std::to_string(kImageTime)},
                  input.get(),
                  -1,
                  {},
                  [&](std::string_view line) { take_line(line, packages.size(), seen, progress); }};
    HOSPES_TRY(tool::run_piped(std::move(vm), tar_squasher(recipe.output)));

    std::vector<std::string> installed;
    installed.reserve(packages.size());
    for (const Package& package : packages) installed.push_back(package.name + " " + package.version);
    std::ranges::sort(installed);
    return installed;
}

}  // namespace hospes::image
