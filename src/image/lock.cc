#include "image/lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace hospes::image {

namespace {

int operation(LockKind kind) { return kind == LockKind::Shared ? LOCK_SH : LOCK_EX; }

Result<UniqueFd> open_lock(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.valid()) {
        return Error("cannot open the lock " + path + ": " + errno_text(errno) +
                     "; the image store must be writable by this user, or XDG_DATA_HOME name another folder");
    }
    return fd;
}

}  // namespace

bool try_lock_open(int fd, LockKind kind) { return ::flock(fd, operation(kind) | LOCK_NB) == 0; }

Result<UniqueFd> lock(const std::string& path, LockKind kind) {
    UniqueFd fd = HOSPES_TRY(open_lock(path));
    while (::flock(fd.get(), operation(kind)) != 0) {
        if (errno != EINTR) {
            return Error("cannot lock " + path + ": " + errno_text(errno) +
                         "; let XDG_DATA_HOME name a folder on a file system with file locks");
        }
    }
    return fd;
}

Result<std::optional<UniqueFd>> try_lock(const std::string& path, LockKind kind) {
    UniqueFd fd = HOSPES_TRY(open_lock(path));
    if (!try_lock_open(fd.get(), kind)) return std::optional<UniqueFd>();
    return std::optional<UniqueFd>(std::move(fd));
}

}  // namespace hospes::image
