#include "image/store.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "image/collect.h"
#include "image/entry.h"
#include "image/files.h"
#include "image/layout.h"
#include "image/lock.h"
#include "image/name.h"
#include "image/sha256.h"
#include "image/work_folder.h"

namespace hospes::image {

namespace {

Result<std::string> home_folder() {
    if (const char* home = ::getenv("HOME"); home && home[0] == '/') return std::string(home);
    const passwd* user = ::getpwuid(::geteuid());
    if (user && user->pw_dir && user->pw_dir[0] == '/') return std::string(user->pw_dir);
    return Error("cannot tell where images are kept: this user has no home folder; set XDG_DATA_HOME to a folder");
}

Result<std::string> data_folder() {
    const char* data = ::getenv("XDG_DATA_HOME");
    if (data && data[0] == '/') return std::string(data);  // a relative one is to be ignored, says the standard
    return HOSPES_TRY(home_folder()) + "/.local/share";
}

}  // namespace

Result<Store> Store::open() { return open(HOSPES_TRY(data_folder()) + "/hospes"); }

Result<Store> Store::open(const std::string& folder) {
    const Layout layout{folder};
    for (const std::string& part :
         {layout.blobs(), layout.refs(), layout.translations(), layout.work(), layout.locks()}) {
        HOSPES_TRY(make_folder(part));
    }
    // What cannot be removed (it was made as root, say) takes space and does no other harm.
    (void)reap_work_folders(layout);
    return Store(folder);
}

Result<std::optional<Image>> Store::find(std::string_view name) const {
    const std::string canonical = HOSPES_TRY(canonical_name(name));
    const Layout layout{folder_};
    const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Shared));
    return load_image(layout, canonical);
}

Result<void> Store::verify(const File& file) {
    const FileDigest found = HOSPES_TRY(sha256_of_file(file.lease.get(), file.path));
    if (found.digest == file.digest) return {};
    return Error("image " + file.image + " is damaged: " + file.path +
                 " is not what was built; build it again with: hospes image build --force " + file.image);
}

Result<std::vector<Store::Entry>> Store::list() const {
    const Layout layout{folder_};
    const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Shared));
    std::vector<Entry> entries;
    for (const std::string& name : HOSPES_TRY(ref_names(layout))) {
        Entry entry;
        auto image = load_image(layout, name);
        if (!image.ok()) entry.damage = image.error().message();
        if (image.ok() && image->has_value()) entry.image = std::move(**image);
        entry.image.name = name;
        entries.push_back(std::move(entry));
    }
    return entries;
}

Result<void> Store::remove(std::string_view name) {
    const std::string canonical = HOSPES_TRY(canonical_name(name));
    const Layout layout{folder_};
    const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Exclusive));
    if (::unlink(layout.ref(canonical).c_str()) == 0) return collect_garbage(layout);
    if (errno != ENOENT) return file_error("remove " + layout.ref(canonical), errno);
    return Error("cannot remove image " + canonical + ": there is none; hospes image ls lists those that are there");
}

}  // namespace hospes::image
