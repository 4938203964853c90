#include "image/entry.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "image/files.h"
#include "image/lock.h"
#include "image/name.h"
#include "image/sha256.h"

namespace hospes::image {

namespace {

constexpr std::size_t kRefBytes = kDigestCharacters + 1;

Result<File> lease(const Layout& layout, const Manifest::Part& part, const std::string& image) {
    File file{layout.blob(part.digest), part.digest, part.bytes, image, {}};
    file.lease = HOSPES_TRY(open_to_read(file.path));
    struct stat status {};
    if (::fstat(file.lease.get(), &status) != 0) return Error("cannot look at " + file.path + ": " + errno_text(errno));
    if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != part.bytes) {
        return Error(file.path + " is " + std::to_string(status.st_size) + " bytes and not " +
                     std::to_string(part.bytes));
    }
    // Only garbage collection locks exclusively, and it cannot be at work while our caller holds the store lock.
    if (!try_lock_open(file.lease.get(), LockKind::Shared)) {
        return Error("cannot lock " + file.path + ": another program than Hospes has locked it");
    }
    return file;
}

Result<Image> assemble(const Layout& layout, const std::string& name, const std::string& digest) {
    Manifest manifest = HOSPES_TRY(read_manifest(layout, digest));
    if (manifest.name != name) return Error("its manifest is that of " + manifest.name);
    Image image;
    image.name = name;
    image.digest = digest;
    image.kernel_release = std::move(manifest.kernel_release);
    image.kernel_package = std::move(manifest.kernel_package);
    image.packages = std::move(manifest.packages);
    image.kernel = HOSPES_TRY(lease(layout, manifest.kernel, name));
    image.boot_modules = HOSPES_TRY(lease(layout, manifest.boot_modules, name));
    image.modules = HOSPES_TRY(lease(layout, manifest.modules, name));
    image.base = HOSPES_TRY(lease(layout, manifest.base, name));
    struct stat status {};
    if (::stat(layout.ref(name).c_str(), &status) == 0) image.built = status.st_mtim.tv_sec;
    return image;
}

Error damaged(const std::string& name, const Error& why) {
    const std::string again = is_known(name) ? "build it again with: hospes image build --force " + name + ", or " : "";
    return Error("image " + name + " is damaged: " + why.message() + "; " + again + "remove it with: hospes image rm " +
                 name);
}

}  // namespace

Result<std::optional<std::string>> read_ref(const Layout& layout, const std::string& name) {
    const std::string path = layout.ref(name);
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<std::string>();
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    std::string digest = HOSPES_TRY(read_small(fd.get(), kRefBytes, path));
    if (digest.size() == kRefBytes && digest.back() == '\n') digest.pop_back();
    if (!is_digest(digest)) return Error(path + " holds no digest");
    return std::optional<std::string>(digest);
}

Result<Manifest> read_manifest(const Layout& layout, const std::string& digest) {
    const std::string path = layout.blob(digest);
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    const std::string text = HOSPES_TRY(read_small(fd.get(), kMostManifestBytes, path));
    if (sha256_of(text) != digest) return Error("its manifest " + path + " is not what was written");
    auto manifest = parse_manifest(text);
    if (!manifest.ok()) return manifest.take_error().in("its manifest " + path + " cannot be used");
    return manifest;
}

Result<std::optional<Image>> load_image(const Layout& layout, const std::string& name) {
    auto digest = read_ref(layout, name);
    if (!digest.ok()) return damaged(name, digest.error());
    if (!digest->has_value()) return std::optional<Image>();
    auto image = assemble(layout, name, **digest);
    if (!image.ok()) return damaged(name, image.error());
    return std::optional<Image>(image.take());
}

Result<std::vector<std::string>> names_in(const std::string& folder) {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), [](DIR* dir) { return ::closedir(dir); });
    if (!open) return Error("cannot list " + folder + ": " + errno_text(errno));
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(open.get())) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return names;
}

Result<std::vector<std::string>> ref_names(const Layout& layout) {
    std::vector<std::string> names = HOSPES_TRY(names_in(layout.refs()));
    std::erase_if(names, [](const std::string& name) { return !canonical_name(name).ok(); });
    return names;
}

}  // namespace hospes::image
