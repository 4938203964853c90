#include "machine/boot/boot_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace hospes::machine {

Result<BootFile> BootFile::open(const std::string& path, const std::string& role) {
    const std::string what = "cannot open the " + role + " " + path + ": ";
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) {
        const char* advice = errno == EACCES ? "; make it readable for this user" : "; check the path";
        return Error(what + errno_text(errno) + advice);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return Error(what + errno_text(errno) + "; check the path");
    if (S_ISDIR(status.st_mode)) return Error(what + "it is a directory; name the " + role + "'s file");
    if (!S_ISREG(status.st_mode)) return Error(what + "it is not a regular file; name the " + role + "'s file");
    return BootFile(std::move(fd), what);
}

// In the sandbox: lseek() gives the size, since fstat() is another system call in each version of the C library.
Result<MappedFile> BootFile::map() const {
    const off_t size = ::lseek(fd_.get(), 0, SEEK_END);
    if (size < 0) return Error(what_ + errno_text(errno) + "; check the path");
    if (size == 0) return Error(what_ + "it is empty; get the file anew");
    const auto bytes = static_cast<std::size_t>(size);
    void* address = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd_.get(), 0);
    if (address == MAP_FAILED) return Error(what_ + errno_text(errno) + "; free some memory");
    return MappedFile(address, bytes);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
    if (address_ != nullptr) ::munmap(address_, size_);
}

}  // namespace hospes::machine
