#include "machine/boot/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/unique_fd.h"

namespace hospes::machine {

Result<MappedFile> MappedFile::open(const std::string& path, const std::string& role) {
    const std::string what = "cannot open the " + role + " " + path + ": ";
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) {
        const char* advice = errno == EACCES ? "; make it readable for this user" : "; check the path";
        return Error(what + errno_text(errno) + advice);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return Error(what + errno_text(errno) + "; check the path");
    if (!S_ISREG(status.st_mode)) return Error(what + "it is not a regular file; name the " + role + "'s file");
    if (status.st_size == 0) return Error(what + "it is empty; get the file anew");
    const auto size = static_cast<std::size_t>(status.st_size);
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
    if (address == MAP_FAILED) return Error(what + errno_text(errno) + "; free some memory");
    return MappedFile(address, size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
    if (address_ != nullptr) ::munmap(address_, size_);
}

}  // namespace hospes::machine
