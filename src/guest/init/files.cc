#include "guest/init/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace hospes::guest {

Result<std::string> read_file(const std::string& path, std::size_t limit) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return Error("cannot open " + path + ": " + errno_text(errno));
    std::string content;
    char block[4096];
    for (;;) {
        const ssize_t count = ::read(fd.get(), block, sizeof block);
        if (count == 0) return content;
        if (count < 0) return Error("cannot read " + path + ": " + errno_text(errno));
        content.append(block, static_cast<std::size_t>(count));
        if (content.size() > limit) return Error("cannot read " + path + ": it is larger than anybody expects");
    }
}

Result<void> replace_file(const std::string& path, const std::string& content) {
    ::unlink(path.c_str());
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd.valid()) return Error("cannot make " + path + ": " + errno_text(errno));
    for (std::size_t done = 0; done < content.size();) {
        const ssize_t count = ::write(fd.get(), content.data() + done, content.size() - done);
        if (count < 0) return Error("cannot write " + path + ": " + errno_text(errno));
        done += static_cast<std::size_t>(count);
    }
    return {};
}

Result<void> make_folder(const std::string& path, mode_t mode) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    const std::size_t slash = path.rfind('/');
    if (errno == ENOENT && slash != 0 && slash != std::string::npos) {
        HOSPES_TRY(make_folder(path.substr(0, slash)));
        if (::mkdir(path.c_str(), mode) == 0) return {};
    }
    return Error("cannot make the folder " + path + ": " + errno_text(errno));
}

}  // namespace hospes::guest
