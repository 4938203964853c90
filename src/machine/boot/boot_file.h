// The kernel's or the initrd's file: opened once, mapped for as long as its bytes are copied.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "machine/boot/byte_view.h"

namespace hospes::machine {

class MappedFile {
  public:
    MappedFile(void* address, std::size_t size) : address_(address), size_(size) {}
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    ByteView bytes() const { return ByteView({static_cast<const std::byte*>(address_), size_}); }

  private:
    void* address_;
    std::size_t size_;
};

class BootFile {
  public:
    // `role` names the file in errors: "kernel", "initrd". Errors: missing, no permission, not a regular file.
    static Result<BootFile> open(const std::string& path, const std::string& role);

    // Its bytes, as long as they are now. Errors: empty, no memory.
    Result<MappedFile> map() const;
    int descriptor() const { return fd_.get(); }

  private:
    BootFile(UniqueFd fd, std::string what) : fd_(std::move(fd)), what_(std::move(what)) {}

    UniqueFd fd_;
    std::string what_;  // how errors begin
};

}  // namespace hospes::machine
