// A place for one build to make a mess in.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/layout.h"

namespace hospes::image {

// A folder in the store's work/, and its lock: as long as any process has `lock` open, someone is at work there.
struct WorkFolder {
    std::string path;
    UniqueFd lock;
};

Result<WorkFolder> make_work_folder(const Layout& layout);

// Removes work folders whose builders are no more: those of a machine that lost power, or of a killed janitor.
Result<void> reap_work_folders(const Layout& layout);

// Removes the tree, also one with files of the user's subordinate ids.
Result<void> remove_tree(const std::string& path);

}  // namespace hospes::image
