// The few files of a Debian image that are ours and not its packages'.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hospes::image {

// Writes them below `folder`, each at its place in the image: "FOLDER/etc/hostname". Result: their places.
Result<std::vector<std::string>> write_debian_files(std::string_view suite, const std::string& folder);

}  // namespace hospes::image
