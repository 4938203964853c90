// The few things that the store does to files, with errors in the operator's words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::image {

// "cannot WHAT: ERRNO", with what to do about it where the number says so (no space, no permission).
Error file_error(const std::string& what, int number);

// Makes `path` and what is missing above it. New folders are the owner's alone.
Result<void> make_folder(const std::string& path);

Result<UniqueFd> open_to_read(const std::string& path);

// The whole content of an open file of at most `most` bytes.
Result<std::string> read_small(int fd, std::size_t most, const std::string& path);

// Makes the file `path` of `content`, on stable storage when this returns. It must not exist.
Result<void> write_new(const std::string& path, std::string_view content);

// Brings the file or the folder `path` to stable storage.
Result<void> sync(const std::string& path);

Result<void> rename_file(const std::string& from, const std::string& to);

}  // namespace hospes::image
