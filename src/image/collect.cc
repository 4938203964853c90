#include "image/collect.h"

#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>

#include "image/entry.h"
#include "image/files.h"
#include "image/lock.h"
#include "image/sha256.h"

namespace hospes::image {

namespace {

// Adds what `name` leads to. False: that is not known.
bool add_references(const Layout& layout, const std::string& name, std::set<std::string>& wanted) {
    const auto digest = read_ref(layout, name);
    if (!digest.ok() || !digest.value().has_value()) return false;
    const auto manifest = read_manifest(layout, *digest.value());
    if (!manifest.ok()) return false;
    const Manifest& found = manifest.value();
    wanted.insert(
        {*digest.value(), found.kernel.digest, found.boot_modules.digest, found.modules.digest, found.base.digest});
    return true;
}

Result<void> remove_unless_leased(const std::string& path) {
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    if (!try_lock_open(fd.get(), LockKind::Exclusive)) return {};
    if (::unlink(path.c_str()) != 0) return file_error("remove " + path, errno);
    return {};
}

}  // namespace

Result<void> collect_garbage(const Layout& layout) {
    std::set<std::string> wanted;
    for (const std::string& name : HOSPES_TRY(ref_names(layout))) {
        if (!add_references(layout, name, wanted)) return {};
    }
    for (const std::string& digest : HOSPES_TRY(names_in(layout.blobs()))) {
        if (!is_digest(digest) || wanted.contains(digest)) continue;
        HOSPES_TRY(remove_unless_leased(layout.blob(digest)));
    }
    for (const std::string& name : HOSPES_TRY(names_in(layout.translations()))) {
        if (wanted.contains(name.substr(0, name.find('-')))) continue;
        ::unlink((layout.translations() + "/" + name).c_str());  // if it stays, it takes space and does no other harm
    }
    return {};
}

Result<void> lock_and_collect_garbage(const Layout& layout) {
    const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Exclusive));
    return collect_garbage(layout);
}

}  // namespace hospes::image
