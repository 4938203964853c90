#include "image/obtain.h"

#include <sys/statvfs.h>

#include <optional>
#include <utility>

#include "image/build/recipe.h"
#include "image/build/worker.h"
#include "image/collect.h"
#include "image/layout.h"
#include "image/lock.h"
#include "image/name.h"
#include "image/work_folder.h"
#include "tool/run.h"

namespace hospes::image {

namespace {

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::uint64_t free_bytes(const std::string& folder) {
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0) return UINT64_MAX;
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

Error no_space(const std::string& name, const std::string& folder, std::uint64_t left) {
    return Error("cannot build image " + name + ": no space left: " + folder + " has " + megabytes(left) +
                 " free, and the build needs about " + megabytes(space_needed(name)) +
                 " for a while; free some, or let XDG_DATA_HOME name a folder with more of it");
}

bool tells_of_no_space(const Error& error) {
    return error.message().find(errno_text(ENOSPC)) != std::string::npos ||
           error.message().find(errno_text(EDQUOT)) != std::string::npos;
}

Error unknown(const std::string& name) {
    std::string known;
    for (const std::string_view one : known_names()) known += (known.empty() ? "" : ", ") + std::string(one);
    return Error("there is no image " + name + " and none that can be built; those that can are " + known);
}

// The lock that one builder of `name` holds; true if another one had it meanwhile.
Result<std::pair<UniqueFd, bool>> take_turn(const std::string& path, const std::string& name, Progress& progress) {
    if (auto at_once = HOSPES_TRY(try_lock(path, LockKind::Exclusive))) return std::pair(std::move(*at_once), false);
    progress.note("another build of " + name + " is under way; waiting for it");
    UniqueFd turn = HOSPES_TRY(lock(path, LockKind::Exclusive));
    return std::pair(std::move(turn), true);
}

Result<void> build_now(const Layout& layout, const std::string& name, Way way, Progress& progress) {
    if (const std::uint64_t left = free_bytes(layout.folder); left < space_needed(name)) {
        return no_space(name, layout.folder, left);
    }
    WorkFolder folder = HOSPES_TRY(make_work_folder(layout));
    const std::string path = folder.path;
    const auto work = [&](Progress& reporting) -> Result<void> {
        HOSPES_TRY(tool::prepare_for_tools(path));
        auto built = build_image(layout, name, way, path, reporting);
        if (built.ok()) return built;
        if (tells_of_no_space(built.error())) return no_space(name, layout.folder, free_bytes(layout.folder));
        return built.take_error().in("cannot build image " + name);
    };
    // What a builder put into the store that was killed before it could give it a name.
    const auto clean_up = [&] { (void)lock_and_collect_garbage(layout); };
    return run_in_worker(std::move(folder), progress, work, clean_up);
}

// What the store has of that name, or nothing if it must be built (again).
std::optional<Image> usable(const Store& store, const std::string& name) {
    auto there = store.find(name);
    if (!there.ok() || !there->has_value()) return std::nullopt;
    return std::move(**there);
}

}  // namespace

Result<Image> build(Store& store, std::string_view name, const BuildOptions& options, Progress& progress) {
    const std::string canonical = HOSPES_TRY(canonical_name(name));
    if (!is_known(canonical)) return unknown(canonical);
    const Layout layout{store.folder()};
    auto [turn, waited] = HOSPES_TRY(take_turn(layout.build_lock(canonical), canonical, progress));
    if (!options.force || waited) {
        if (auto image = usable(store, canonical)) return std::move(*image);
    }
    HOSPES_TRY(build_now(layout, canonical, options.way, progress));
    auto image = HOSPES_TRY(store.find(canonical));
    if (!image) return Error("image " + canonical + " was removed right after it was built; build it again");
    return std::move(*image);
}

Result<Image> obtain(Store& store, std::string_view name, PullPolicy policy, Progress& progress) {
    const std::string canonical = HOSPES_TRY(canonical_name(name));
    if (auto image = HOSPES_TRY(store.find(canonical))) return std::move(*image);
    if (!is_known(canonical)) return unknown(canonical);
    if (policy == PullPolicy::Never) {
        return Error("there is no image " + canonical + " here; build it with: hospes image build " + canonical);
    }
    return build(store, canonical, {}, progress);
}

}  // namespace hospes::image
