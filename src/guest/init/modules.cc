#include "guest/init/modules.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/unique_fd.h"
#include "guest/init/files.h"

namespace hospes::guest {

namespace {

constexpr char kFolder[] = "/lib/modules/";
constexpr std::size_t kMaxList = 64 << 10;

Result<void> load(const std::string& name) {
    const std::string path = kFolder + name;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid() && ::syscall(SYS_finit_module, fd.get(), "", 0) == 0) return {};
    if (fd.valid() && errno == EEXIST) return {};
    return Error("cannot load the kernel module " + path + ": " + errno_text(errno));
}

}  // namespace

Result<void> load_modules() {
    const std::string list = HOSPES_TRY(read_file(std::string(kFolder) + "order", kMaxList));
    for (std::size_t start = 0; start < list.size();) {
        const std::size_t end = std::min(list.find('\n', start), list.size());
        if (end > start) HOSPES_TRY(load(list.substr(start, end - start)));
        start = end + 1;
    }
    return {};
}

}  // namespace hospes::guest
