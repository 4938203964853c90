#include "image/build/cpio.h"

#include <array>
#include <cstdio>
#include <utility>

namespace hospes::image {

namespace {

constexpr std::size_t kAlignment = 4;
constexpr unsigned kFolderMode = 0040755;
constexpr unsigned kFileMode = 0100644;
constexpr unsigned kProgramMode = 0100755;

void pad(std::string& bytes) { bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment, '\0'); }

}  // namespace

void Cpio::add(std::string_view name, unsigned mode, std::string_view content) {
    std::array<char, 6 + 13 * 8 + 1> header;
    // inode, mode, uid, gid, links, time, size, device (two), device of a node (two), size of the name, checksum
    std::snprintf(header.data(), header.size(), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
                  ++inodes_, mode, 0u, 0u, 1u, 0u, content.size(), 0u, 0u, 0u, 0u, name.size() + 1, 0u);
    bytes_.append(header.data(), header.size() - 1);
    bytes_ += name;
    bytes_ += '\0';
    pad(bytes_);
    bytes_ += content;
    pad(bytes_);
}

void Cpio::add_folder(std::string_view name) { add(name, kFolderMode, {}); }

void Cpio::add_file(std::string_view name, std::string_view content) { add(name, kFileMode, content); }

void Cpio::add_program(std::string_view name, std::string_view content) { add(name, kProgramMode, content); }

std::string Cpio::finish() {
    add("TRAILER!!!", 0, {});
    return std::exchange(bytes_, {});
}

}  // namespace hospes::image
