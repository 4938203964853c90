// A file's bytes, mapped for reading.
#pragma once

#include <string>

#include "base/result.h"
#include "machine/boot/byte_view.h"

namespace hospes::machine {

class MappedFile {
  public:
    // `role` names the file in errors: "kernel", "initrd". Errors: missing, no permission, not a regular file, empty.
    static Result<MappedFile> open(const std::string& path, const std::string& role);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    ByteView bytes() const { return ByteView({static_cast<const std::byte*>(address_), size_}); }

  private:
    MappedFile(void* address, std::size_t size) : address_(address), size_(size) {}
    void* address_;
    std::size_t size_;
};

}  // namespace hospes::machine
