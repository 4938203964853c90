// Making the read-only file systems of images. The same content gives the same bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "tool/run.h"

namespace hospes::image {

// When everything in an image was made, where nothing says otherwise.
inline constexpr std::int64_t kImageTime = 1'686'355'200;  // 2023-06-10, the release of Debian 12

// A squashfs of `folder`: all of it root's, all of one time.
Result<void> squash_folder(const std::string& folder, const std::string& output);

// A tool that makes a squashfs of the tar archive that it reads.
tool::Tool tar_squasher(const std::string& output);

}  // namespace hospes::image
