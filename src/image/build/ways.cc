#include <unistd.h>

#include <array>
#include <string>

#include "image/build/debian.h"
#include "image/files.h"
#include "tool/namespaces.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

std::string_view title(Way way) {
    switch (way) {
        case Way::Root: return "as root";
        case Way::UserNamespace: return "in a user namespace";
        default: return "in a VM";
    }
}

// What a bootstrap needs and what containers and hardened hosts refuse: mounts, chroot, other owners.
Result<void> try_out(std::vector<std::string> prefix, const std::string& folder) {
    HOSPES_TRY(make_folder(folder));
    const std::string script =
        "cd \"$1\" && touch owned && chown 1:1 owned && rm owned && mkdir mounted && mount -t tmpfs none mounted && "
        "mkdir mounted/proc && mount -t proc proc mounted/proc && umount mounted/proc mounted && rmdir mounted && "
        "chroot / true";
    prefix.insert(prefix.end(), {"sh", "-c", script, "sh", folder});
    return tool::run({std::move(prefix)});
}

Result<void> probe_root(const std::string& folder) {
    static constexpr std::array<std::string_view, 2> kNeeded = {"mmdebstrap", "unshare"};
    if (::geteuid() != 0) return Error("this user is not root");
    HOSPES_TRY(tool::require_tools(kNeeded));
    return try_out(tool::mount_namespace_prefix(), folder);
}

Result<void> probe_user_namespace(const std::string& folder) {
    static constexpr std::array<std::string_view, 3> kNeeded = {"mmdebstrap", "unshare", "newuidmap"};
    HOSPES_TRY(tool::require_tools(kNeeded));
    return try_out(tool::user_namespace_prefix(), folder);
}

}  // namespace

Result<void> probe(Way way, const std::string& folder) {
    switch (way) {
        case Way::Root: return probe_root(folder + "/probe-root");
        case Way::UserNamespace: return probe_user_namespace(folder + "/probe-user");
        default: return {};
    }
}

Result<Way> choose_way(Way way, const std::string& folder, Progress& progress) {
    if (way != Way::Any) {
        if (auto works = probe(way, folder); !works.ok()) {
            return works.take_error().in("cannot build " + std::string(title(way)) + " here");
        }
        return way;
    }
    for (const Way candidate : {Way::Root, Way::UserNamespace}) {
        if (candidate == Way::Root && ::geteuid() != 0) continue;
        auto works = probe(candidate, folder);
        if (works.ok()) return candidate;
        progress.note("building " + std::string(title(candidate)) + " does not work here: " + works.error().message());
    }
    progress.note("building in a VM instead, which takes some minutes more");
    return Way::Vm;
}

}  // namespace hospes::image
