#include "block/file_lock.h"

#include <fcntl.h>

#include <cerrno>

namespace hospes::block {

Result<void> lock_file(int fd, LockKind kind, const std::string& path) {
    struct flock lock {};
    lock.l_type = kind == LockKind::Exclusive ? F_WRLCK : F_RDLCK;
    lock.l_whence = SEEK_SET;  // start 0 and length 0: all of it, however long it grows
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return {};
    if (errno != EAGAIN && errno != EACCES) {
        return Error("cannot lock disk " + path + ": " + errno_text(errno) +
                     "; put the image on a file system that supports file locks");
    }
    if (kind == LockKind::Exclusive) {
        return Error("disk " + path +
                     " is in use by another VM or program; stop that one, or, if both only read, "
                     "open it read-only in both");
    }
    return Error("disk " + path + " is being written by another VM or program; stop that one first");
}

}  // namespace hospes::block
