// Whole small files, and folders.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace hospes::guest {

// Errors name the file. One larger than `limit` is one.
Result<std::string> read_file(const std::string& path, std::size_t limit);

// Makes or replaces a file, whatever was there: a symbolic link is not followed.
Result<void> replace_file(const std::string& path, const std::string& content);

// Makes a folder, and those above it; good if it is there already.
Result<void> make_folder(const std::string& path, mode_t mode = 0755);

}  // namespace hospes::guest
