#include "run/initrd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include <cerrno>
#include <cstdio>
#include <span>
#include <string>

// From embedded_init.S.
extern "C" const char hospes_embedded_init[], hospes_embedded_init_end[];

namespace hospes::run {

namespace {

constexpr const char* kWhat = "cannot put the guest's init into memory: ";
constexpr unsigned kExecutable = 0100755;

// The head of a newc archive's file, with its name; the file's bytes come next, and zeros up to a multiple of 4.
std::string head_of(const std::string& name, unsigned mode, std::size_t bytes) {
    char head[111];
    // magic, inode, mode, user, group, links, time, size, device (2), special device (2), length of name, checksum
    std::snprintf(head, sizeof head, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1u, mode, 0u, 0u,
                  1u, 0u, bytes, 0u, 0u, 0u, 0u, name.size() + 1, 0u);
    std::string entry = head + name + '\0';
    entry.resize((entry.size() + 3) & ~std::size_t{3});
    return entry;
}

bool write_all(int fd, std::span<const char> bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return true;
}

bool append_file(int to, int from, std::uint64_t bytes) {
    off_t offset = 0;
    while (static_cast<std::uint64_t>(offset) < bytes) {
        const ssize_t done = ::sendfile(to, from, &offset, bytes - static_cast<std::uint64_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
    }
    return true;
}

}  // namespace

Result<UniqueFd> make_initrd(int boot_modules, std::uint64_t bytes) {
    const std::span<const char> init(hospes_embedded_init, hospes_embedded_init_end);
    UniqueFd fd(::memfd_create("hospes-initrd", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) return Error(kWhat + errno_text(errno));
    const std::string padding((4 - init.size() % 4) % 4, '\0');
    if (!write_all(fd.get(), head_of("init", kExecutable, init.size())) || !write_all(fd.get(), init) ||
        !write_all(fd.get(), padding) || !append_file(fd.get(), boot_modules, bytes)) {
        return Error(kWhat + errno_text(errno));
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
        return Error(kWhat + errno_text(errno));
    }
    return fd;
}

}  // namespace hospes::run
