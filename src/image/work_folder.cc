#include "image/work_folder.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "image/collect.h"
#include "image/entry.h"
#include "image/files.h"
#include "image/lock.h"
#include "tool/namespaces.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

// The folders of work/ that nobody holds any more, locked by us now.
Result<std::vector<WorkFolder>> claim_abandoned(const Layout& layout) {
    std::vector<WorkFolder> claimed;
    // Whoever makes a folder holds the store lock until the folder is locked, too.
    const auto guard = HOSPES_TRY(try_lock(layout.store_lock(), LockKind::Exclusive));
    if (!guard) return claimed;
    for (const std::string& name : HOSPES_TRY(names_in(layout.work()))) {
        WorkFolder folder{layout.work() + "/" + name, {}};
        folder.lock = UniqueFd(::open(folder.path.c_str(), O_RDONLY | O_CLOEXEC));
        if (folder.lock.valid() && try_lock_open(folder.lock.get(), LockKind::Exclusive)) {
            claimed.push_back(std::move(folder));
        }
    }
    return claimed;
}

}  // namespace

Result<WorkFolder> make_work_folder(const Layout& layout) {
    const UniqueFd guard = HOSPES_TRY(lock(layout.store_lock(), LockKind::Shared));
    WorkFolder folder{layout.work() + "/XXXXXX", {}};
    if (::mkdtemp(folder.path.data()) == nullptr) return file_error("make the folder " + folder.path, errno);
    // Not closed on exec: a tool that outlives a killed builder keeps its folder from being taken for abandoned.
    folder.lock = UniqueFd(::open(folder.path.c_str(), O_RDONLY | O_DIRECTORY));
    if (!folder.lock.valid() || !try_lock_open(folder.lock.get(), LockKind::Exclusive)) {
        return file_error("lock the folder " + folder.path, errno);
    }
    return folder;
}

Result<void> reap_work_folders(const Layout& layout) {
    if (HOSPES_TRY(names_in(layout.work())).empty()) return {};
    const std::vector<WorkFolder> abandoned = HOSPES_TRY(claim_abandoned(layout));
    if (abandoned.empty()) return {};
    for (const WorkFolder& folder : abandoned) HOSPES_TRY(remove_tree(folder.path));
    // Its builder may have died between putting files into the store and giving them a name.
    return lock_and_collect_garbage(layout);
}

Result<void> remove_tree(const std::string& path) {
    std::error_code failure;
    std::filesystem::remove_all(path, failure);
    if (!failure) return {};
    tool::Tool remove{tool::user_namespace_prefix()};
    remove.makes_room = true;
    remove.words.insert(remove.words.end(), {"rm", "-rf", "--", path});
    if (auto done = tool::run(remove); !done.ok()) {
        return Error("cannot remove " + path + ": " + failure.message() + "; remove it as root");
    }
    return {};
}

}  // namespace hospes::image
