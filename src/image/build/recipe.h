// From a name to a committed image: what a builder process does.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "image/layout.h"
#include "image/obtain.h"
#include "image/progress.h"

namespace hospes::image {

// Builds the image `name` (canonical, known) in `folder`, which must exist and be empty, and commits it.
Result<void> build_image(const Layout& layout, const std::string& name, Way way, const std::string& folder,
                         Progress& progress);

// Bytes that must be free for the build of `name`.
std::uint64_t space_needed(std::string_view name);

}  // namespace hospes::image
