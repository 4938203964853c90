#include "image/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace hospes::image {

Error file_error(const std::string& what, int number) {
    const std::string why = "cannot " + what + ": " + errno_text(number);
    switch (number) {
        case ENOSPC:
        case EDQUOT: return Error(why + "; free space there, or let XDG_DATA_HOME name a folder with more of it");
        case EACCES:
        case EPERM:
        case EROFS:
            return Error(why + "; the image store must be writable by this user, or XDG_DATA_HOME name another folder");
        default: return Error(why);
    }
}

Result<void> make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    const std::size_t slash = path.rfind('/');
    if (errno != ENOENT || slash == std::string::npos || slash == 0)
        return file_error("make the folder " + path, errno);
    HOSPES_TRY(make_folder(path.substr(0, slash)));
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return file_error("make the folder " + path, errno);
}

Result<UniqueFd> open_to_read(const std::string& path) {
    // O_NONBLOCK so that a FIFO someone put there is an error later, not a wait now.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return Error("cannot open " + path + ": " + errno_text(errno));
    return fd;
}

Result<std::string> read_small(int fd, std::size_t most, const std::string& path) {
    std::string content;
    std::array<char, 16 * 1024> piece;
    while (content.size() <= most) {
        const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(content.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error("cannot read " + path + ": " + errno_text(errno));
        if (got == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(got));
    }
    return Error(path + " is longer than such a file can be");
}

Result<void> write_new(const std::string& path, std::string_view content) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid()) return file_error("make " + path, errno);
    while (!content.empty()) {
        const ssize_t done = ::write(fd.get(), content.data(), content.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return file_error("write " + path, errno);
        content.remove_prefix(static_cast<std::size_t>(done));
    }
    if (::fsync(fd.get()) != 0) return file_error("write " + path, errno);
    return {};
}

Result<void> sync(const std::string& path) {
    const UniqueFd fd = HOSPES_TRY(open_to_read(path));
    if (::fsync(fd.get()) != 0) return file_error("write " + path, errno);
    return {};
}

Result<void> rename_file(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return file_error("move " + from + " to " + to, errno);
    return {};
}

}  // namespace hospes::image
