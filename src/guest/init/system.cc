#include "guest/init/system.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"
#include "guest/init/files.h"

namespace hospes::guest {

namespace {

// A link that leads nowhere counts as a file: the image means it so.
bool is_there(const char* path) {
    struct stat facts {};
    return ::lstat(path, &facts) == 0;
}

std::string hosts_of(const std::string& host_name) {
    std::string text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    if (!host_name.empty()) text += "127.0.1.1\t" + host_name + "\n";
    return text;
}

}  // namespace

Result<void> bring_up_loopback() {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0) return {};
    return Error("cannot bring up the loopback interface: " + errno_text(errno));
}

Result<void> apply_settings(const api::session::Start& start) {
    const std::string& name = start.host_name;
    if (!name.empty() && ::sethostname(name.data(), name.size()) != 0) {
        return Error("cannot set the host name " + name + ": " + errno_text(errno));
    }
    HOSPES_TRY(make_folder("/etc"));
    if (!is_there("/etc/hosts")) HOSPES_TRY(replace_file("/etc/hosts", hosts_of(name)));
    if (!is_there("/etc/resolv.conf")) HOSPES_TRY(replace_file("/etc/resolv.conf", "# no network\n"));
    if (!start.local_time.empty()) HOSPES_TRY(replace_file("/etc/localtime", start.local_time));
    return {};
}

}  // namespace hospes::guest
