#include "run/layer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "tool/run.h"

namespace hospes::run {

namespace {

Error layer_error(const std::string& folder, int number) {
    const char* advice = number == ENOSPC ? "free some space there" : "it must be writable for this user";
    return Error("cannot make the VM's disk in " + folder + ": " + errno_text(number) + "; " + advice);
}

// Where the file system has no O_TMPFILE, there is a name for the moment between two system calls.
UniqueFd nameless_file(const std::string& folder) {
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd.valid() || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
    std::string path = folder + "/layer-XXXXXX";
    fd = UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
    if (fd.valid()) ::unlink(path.c_str());
    return fd;
}

// What costs time or writes much is left out: no journal, since nothing survives a crash; no blocks for growing, no
// reserve for root. The file reads as zeros, so the inode tables are ready as they are, and the guest's kernel need not
// write them either.
Result<void> format(int fd) {
    HOSPES_TRY(tool::require_tools(std::array{std::string_view("mke2fs")}));
    return tool::run({{"mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal,^resize_inode", "-m", "0", "-E",
                       "nodiscard,lazy_itable_init=0,assume_storage_prezeroed=1,root_owner=0:0", "/proc/self/fd/0"},
                      fd});
}

}  // namespace

Result<UniqueFd> make_layer(const std::string& folder, std::uint64_t bytes) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return layer_error(folder, errno);
    UniqueFd fd = nameless_file(folder);
    if (!fd.valid()) return layer_error(folder, errno);
    if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
        if (errno != EFBIG && errno != EINVAL) return layer_error(folder, errno);
        return Error("cannot make a disk of " + std::to_string(bytes >> 20) + " MiB in " + folder +
                     ": its file system has no files that large; give a smaller --disk-size");
    }
    HOSPES_TRY(format(fd.get()));
    return fd;
}

}  // namespace hospes::run
