// Where a debugger connects: a port of the loopback device, or a socket in the file system.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vmm/gdb_server.h"
#include "vmm/option_values.h"

namespace hospes::vmm {

namespace {

constexpr char kUnix[] = "unix:";

UniqueFd listen_on(int family, const sockaddr* address, socklen_t size) {
    UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener.valid()) return listener;
    const int on = 1;
    if (family == AF_INET) {
        ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        ::setsockopt(listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // each connection's, too
    }
    if (::bind(listener.get(), address, size) != 0 || ::listen(listener.get(), 1) != 0) return {};
    return listener;
}

// Of an earlier VM, which cannot remove it: it is in the sandbox.
void remove_stale_socket(const char* path) {
    struct stat status {};
    if (::lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path);
}

Error failed(const std::string& where, const char* advice) {
    return Error("cannot listen on " + quoted("--gdb", where) + ": " + errno_text(errno) + "; " + advice);
}

}  // namespace

Result<std::unique_ptr<GdbServer>> GdbServer::open(const std::string& where) {
    if (where.starts_with(kUnix)) {
        const std::string path = where.substr(sizeof kUnix - 1);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        remove_stale_socket(path.c_str());
        UniqueFd listener = listen_on(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        if (!listener.valid()) return failed(where, "give a path in a folder of yours");
        return std::unique_ptr<GdbServer>(new GdbServer(std::move(listener), path));
    }
    const std::uint64_t port = HOSPES_TRY(parse_number("--gdb", where, 1, 65535));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    UniqueFd listener = listen_on(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (!listener.valid()) return failed(where, "give another port, or unix:PATH");
    return std::unique_ptr<GdbServer>(new GdbServer(std::move(listener), ":" + where));
}

}  // namespace hospes::vmm
