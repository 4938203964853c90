#include "image/build/debian.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "image/build/debian_files.h"
#include "image/build/memory.h"
#include "image/build/squashfs.h"
#include "image/files.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

constexpr std::uint64_t kTreeBytes = 1536u << 20;      // the system and what apt needs for it; half of it is used
constexpr std::uint64_t kMemoryForTree = 2048u << 20;  // at hand, so that it does not crowd out others

// How far mmdebstrap is when it says so, in percent of its time as measured.
struct Phase {
    std::string_view said;
    unsigned percent;
};
constexpr std::array kPhases = {
    Phase{"I: running apt-get update", 3},
    Phase{"I: downloading packages with apt", 10},
    Phase{"I: extracting archives", 20},
    Phase{"I: installing essential packages", 30},
    Phase{"I: installing remaining packages", 50},
    Phase{"I: cleaning package lists", 92},
    Phase{"I: creating tarball", 93},
};

void take_phase(std::string_view line, Progress& progress) {
    for (const Phase& phase : kPhases) {
        if (line.starts_with(phase.said)) progress.percent(phase.percent);
    }
}

// Words that run the following ones with TMPDIR being `folder`; in memory, if there is enough: a system that is being
// installed is ten thousand files that are written, looked at, and removed again. Nobody has to clean that up, either.
std::vector<std::string> with_temporary(const std::string& folder) {
    const std::string mount = "mount -t tmpfs -o mode=755,size=" + std::to_string(kTreeBytes) + " none \"$1\" && ";
    const bool in_memory = memory_at_hand() >= kMemoryForTree;
    return {"sh", "-c", (in_memory ? mount : "") + "export TMPDIR=\"$1\" && shift && exec \"$@\"", "sh", folder};
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

std::string quoted(const std::string& word) {
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

Result<std::vector<std::string>> read_packages(const std::string& path) {
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    std::istringstream text(HOSPES_TRY(read_small(fd.get(), 1 << 20, path)));
    std::vector<std::string> packages;
    for (std::string line; std::getline(text, line);) packages.push_back(line);
    std::ranges::sort(packages);
    return packages;
}

}  // namespace

const std::vector<std::string>& wanted_packages() {
    static const std::vector<std::string> kPackages = {"ca-certificates", "iproute2", "kmod",    "less",
                                                       "netbase",         "procps",   "xz-utils"};
    return kPackages;
}

Result<std::vector<std::string>> bootstrap(const DebianRecipe& recipe, const std::vector<std::string>& prefix,
                                           Progress& progress) {
    const std::string list = recipe.folder + "/packages";
    const std::string files = recipe.folder + "/files";
    const std::string tree = recipe.folder + "/tree";
    HOSPES_TRY(make_folder(tree));
    tool::Tool make{prefix, -1, -1, {}, [&](std::string_view line) { take_phase(line, progress); }};
    const auto add = [&make](const std::vector<std::string>& words) {
        make.words.insert(make.words.end(), words.begin(), words.end());
    };
    add(with_temporary(tree));
    add({"env", "SOURCE_DATE_EPOCH=" + std::to_string(kImageTime), "mmdebstrap", "--mode=root", "--variant=minbase"});
    add({"--format=tar", "--architectures=amd64", "--include=" + joined(wanted_packages())});
    // What is lost in a crash is thrown away, so dpkg need not wait for the disk.
    add({"--dpkgopt=force-unsafe-io", "--customize-hook=rm \"$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap\""});
    for (const std::string& place : HOSPES_TRY(write_debian_files(recipe.suite, files))) {
        add({"--customize-hook=install -m 644 " + quoted(files + place) + " \"$1" + place + "\""});
    }
    add({"--customize-hook=dpkg-query --admindir=\"$1/var/lib/dpkg\" -W --showformat='${Package} ${Version}\\n' > " +
         quoted(list)});
    add({recipe.suite, "-"});
    add(sources_of(recipe.suite, signed_by(), mirror()));
    HOSPES_TRY(tool::run_piped(std::move(make), tar_squasher(recipe.output)));
    return read_packages(list);
}

}  // namespace hospes::image
