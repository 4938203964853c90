// The archive format in which Linux takes its first files: cpio, "newc", not compressed.
#pragma once

#include <string>
#include <string_view>

namespace hospes::image {

// Builds an archive in memory. All is root's, and of no particular time.
class Cpio {
  public:
    void add_folder(std::string_view name);
    void add_file(std::string_view name, std::string_view content);
    // A file that may be executed.
    void add_program(std::string_view name, std::string_view content);
    // The archive, complete. A kernel takes several of them one behind the other.
    std::string finish();

  private:
    void add(std::string_view name, unsigned mode, std::string_view content);

    std::string bytes_;
    unsigned inodes_ = 0;
};

}  // namespace hospes::image
