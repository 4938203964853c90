#include "image/build/recipe.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "image/build/archive.h"
#include "image/build/debian.h"
#include "image/build/kernel_pack.h"
#include "image/build/micro.h"
#include "image/commit.h"
#include "image/entry.h"
#include "image/files.h"
#include "image/lock.h"
#include "tool/namespaces.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

constexpr const char* kMicro = "micro";

std::string suite_of(std::string_view name) { return name == "debian:13" ? "trixie" : "bookworm"; }

// Counts the steps of one build.
class Steps {
  public:
    Steps(Progress& progress, unsigned count) : progress_(progress), count_(count) {}
    void next(std::string_view what) { progress_.step(++number_, count_, what); }

  private:
    Progress& progress_;
    unsigned count_;
    unsigned number_ = 0;
};

struct Userland {
    NewBlob file;
    std::vector<std::string> packages;
};

Result<KernelPack> pack_for(const Layout& layout, const Archive& archive, const std::string& folder, Steps& steps,
                            Progress& progress) {
    const KernelPackage package = HOSPES_TRY(current_kernel(archive));
    steps.next("kernel " + package.version);
    KernelPack found = find_pack(layout, package);
    if (!found.shared.empty()) return found;
    const auto debs = HOSPES_TRY(archive.download({package.name}, folder + "/kernel-deb", progress));
    return make_pack(package, debs.at(0).file, folder + "/kernel");
}

Result<Userland> micro_userland(const Archive& archive, const std::string& folder, Steps& steps, Progress& progress) {
    steps.next("busybox");
    const auto debs = HOSPES_TRY(archive.download({"busybox-static"}, folder + "/busybox-deb", progress));
    const std::string output = folder + "/base.squashfs";
    HOSPES_TRY(make_micro(debs.at(0).file, folder + "/micro", output));
    return Userland{HOSPES_TRY(seal(output)), {debs.at(0).name + " " + debs.at(0).version}};
}

// The VM way needs `micro`; made below the same work folder, so that it is as safe as the rest.
Result<void> ensure_micro(const Layout& layout, const std::string& folder, Progress& progress) {
    const UniqueFd lock_on_name = HOSPES_TRY(lock(layout.build_lock(kMicro), LockKind::Exclusive));
    {
        const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Shared));
        const auto there = load_image(layout, kMicro);
        if (there.ok() && there.value().has_value()) return {};
    }
    HOSPES_TRY(make_folder(folder));
    return build_image(layout, kMicro, Way::Any, folder, progress);
}

Result<Userland> debian_userland(const Layout& layout, const Archive& archive, const std::string& name, Way wanted,
                                 const std::string& folder, Steps& steps, Progress& progress) {
    const Way way = HOSPES_TRY(choose_way(wanted, folder, progress));
    const DebianRecipe recipe{suite_of(name), folder + "/debian", folder + "/base.squashfs"};
    std::vector<std::string> packages;
    if (way == Way::Vm) {
        HOSPES_TRY(ensure_micro(layout, folder + "/for-vm", progress));
        steps.next("Debian packages, in a VM");
        packages = HOSPES_TRY(bootstrap_in_vm(recipe, archive, progress));
    } else {
        steps.next(way == Way::Root ? "Debian packages" : "Debian packages, in a user namespace");
        packages = HOSPES_TRY(bootstrap(
            recipe, way == Way::Root ? tool::mount_namespace_prefix() : tool::user_namespace_prefix(), progress));
    }
    return Userland{HOSPES_TRY(seal(recipe.output)), std::move(packages)};
}

}  // namespace

std::uint64_t space_needed(std::string_view name) { return (name == kMicro ? 400ull : 1200ull) << 20; }

Result<void> build_image(const Layout& layout, const std::string& name, Way way, const std::string& folder,
                         Progress& progress) {
    static constexpr std::array<std::string_view, 6> kNeeded = {"apt-get", "dpkg-deb", "tar2sqfs",
                                                                "depmod",  "xz",       "gpgv"};
    HOSPES_TRY(tool::require_tools(kNeeded));
    Steps steps(progress, 4);
    steps.next("package lists of Debian " + suite_of(name));
    HOSPES_TRY(make_folder(folder + "/apt"));
    const Archive archive = HOSPES_TRY(Archive::open(suite_of(name), folder + "/apt", progress));
    KernelPack pack = HOSPES_TRY(pack_for(layout, archive, folder, steps, progress));
    Userland userland =
        HOSPES_TRY(name == kMicro ? micro_userland(archive, folder, steps, progress)
                                  : debian_userland(layout, archive, name, way, folder, steps, progress));
    steps.next("putting it into the store");
    Manifest manifest = std::move(pack.manifest);
    manifest.name = name;
    manifest.base = userland.file.part;
    manifest.packages = std::move(userland.packages);
    std::vector<NewBlob> blobs = std::move(pack.blobs);
    blobs.push_back(std::move(userland.file));
    return commit(layout, manifest, blobs, folder);
}

}  // namespace hospes::image
