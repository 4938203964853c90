#include "image/build/kernel_pack.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "image/build/boot_modules.h"
#include "image/build/squashfs.h"
#include "image/entry.h"
#include "image/files.h"
#include "image/lock.h"
#include "image/store.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRecipe = 1;
constexpr const char* kMetaPackage = "linux-image-cloud-amd64";

bool is_whole(const Image& image) {
    return Store::verify(image.kernel).ok() && Store::verify(image.boot_modules).ok() &&
           Store::verify(image.modules).ok();
}

// Debian 12 keeps modules in /lib, later ones in /usr/lib.
Result<std::string> find_modules(const std::string& tree) {
    for (const char* place : {"/lib/modules", "/usr/lib/modules"}) {
        const auto names = names_in(tree + place);
        if (names.ok() && names.value().size() == 1) return tree + place + "/" + names.value()[0];
    }
    return Error("the kernel package holds no modules where they are expected");
}

// Unpacks the package and puts its modules, not compressed and indexed anew, into FOLDER/lib/modules/RELEASE. For the
// guest's translator decompression is dear, and busybox has none. Result: the release.
Result<std::string> arrange_modules(const std::string& tree, const std::string& folder) {
    const std::string found = HOSPES_TRY(find_modules(tree));
    const std::string release = fs::path(found).filename();
    const std::string modules = folder + "/lib/modules/" + release;
    HOSPES_TRY(make_folder(folder + "/lib/modules"));
    HOSPES_TRY(rename_file(found, modules));
    std::error_code ignored;
    fs::remove(modules + "/build", ignored);
    fs::remove(modules + "/source", ignored);
    HOSPES_TRY(tool::run({{"find", modules, "-name", "*.ko.xz", "-exec", "xz", "-d", "--", "{}", "+"}}));
    HOSPES_TRY(tool::run({{"chmod", "-R", "u=rwX,go=rX", folder}}));
    HOSPES_TRY(tool::run({{"depmod", "-b", folder, release}}));
    return release;
}

}  // namespace

Result<KernelPackage> current_kernel(const Archive& archive) {
    KernelPackage package;
    package.name = HOSPES_TRY(archive.dependency(kMetaPackage, "linux-image-"));
    package.version = HOSPES_TRY(archive.version(package.name));
    return package;
}

KernelPack find_pack(const Layout& layout, const KernelPackage& package) {
    const auto guard = lock(layout.store_lock(), LockKind::Shared);
    const auto names = ref_names(layout);
    if (!guard.ok() || !names.ok()) return {};
    for (const std::string& name : names.value()) {
        const auto digest = read_ref(layout, name);
        if (!digest.ok() || !digest.value()) continue;
        auto manifest = read_manifest(layout, *digest.value());
        if (!manifest.ok() || manifest->kernel_package != package.text() || manifest->pack_recipe != kRecipe) continue;
        auto image = load_image(layout, name);
        if (!image.ok() || !image->has_value() || !is_whole(**image)) continue;
        KernelPack pack{manifest.take(), {}, {}};
        image->value().base.lease = UniqueFd();  // the image that is being built may replace it
        pack.shared.push_back(std::move(**image));
        return pack;
    }
    return {};
}

Result<KernelPack> make_pack(const KernelPackage& package, const std::string& deb, const std::string& folder) {
    const std::string tree = folder + "/tree";
    HOSPES_TRY(make_folder(tree));
    HOSPES_TRY(tool::run({{"dpkg-deb", "-x", deb, tree}}));
    KernelPack pack;
    pack.manifest.pack_recipe = kRecipe;
    pack.manifest.kernel_package = package.text();
    pack.manifest.kernel_release = HOSPES_TRY(arrange_modules(tree, folder));
    const std::string& release = pack.manifest.kernel_release;
    const std::string boot_modules = folder + "/boot-modules.cpio";
    const std::string modules = folder + "/modules.squashfs";
    const std::string archive = HOSPES_TRY(boot_modules_archive(folder + "/lib/modules/" + release));
    HOSPES_TRY(write_new(boot_modules, archive));
    HOSPES_TRY(squash_folder(folder + "/lib/modules", modules));
    for (const std::string& file : {tree + "/boot/vmlinuz-" + release, boot_modules, modules}) {
        pack.blobs.push_back(HOSPES_TRY(seal(file)));
    }
    pack.manifest.kernel = pack.blobs[0].part;
    pack.manifest.boot_modules = pack.blobs[1].part;
    pack.manifest.modules = pack.blobs[2].part;
    return pack;
}

}  // namespace hospes::image
