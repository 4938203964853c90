// The userland of Debian images, and the ways to make it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/build/archive.h"
#include "image/obtain.h"
#include "image/progress.h"

namespace hospes::image {

struct DebianRecipe {
    std::string suite;   // "bookworm"
    std::string folder;  // to work in; must not exist
    std::string output;  // the squashfs
};

// What is in the userland besides the essential packages.
const std::vector<std::string>& wanted_packages();

// Makes the userland with mmdebstrap, its words behind `prefix`. Result: "NAME VERSION" of each package.
Result<std::vector<std::string>> bootstrap(const DebianRecipe& recipe, const std::vector<std::string>& prefix,
                                           Progress& progress);

// Makes it by unpacking the packages of `archive` inside a VM of the image `micro`, which must be there.
Result<std::vector<std::string>> bootstrap_in_vm(const DebianRecipe& recipe, const Archive& archive,
                                                 Progress& progress);

// Whether a way works here: an error says what is missing.
Result<void> probe(Way way, const std::string& folder);

// The first way that works, each that does not being told to `progress`; or `way`, if it is not Any.
Result<Way> choose_way(Way way, const std::string& folder, Progress& progress);

}  // namespace hospes::image
