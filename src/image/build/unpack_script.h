// What happens inside the micro VM that a Debian userland is made in.
#pragma once

#include <string_view>

namespace hospes::image {

// For busybox's sh: makes a Debian system of ./debs/*.deb and ./files, and writes it as a tar archive to standard
// output, nothing in it newer than its argument. What it does is told on standard error.
std::string_view unpack_script();

}  // namespace hospes::image
