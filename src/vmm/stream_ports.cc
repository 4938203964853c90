#include "vmm/stream_ports.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "vmm/option_values.h"

namespace hospes::vmm {

namespace {

constexpr std::size_t kMaxName = 64;

// Letters that mean the same in a path, a shell and a message.
bool sane(const std::string& name) {
    static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name.size() <= kMaxName && name.find_first_not_of(kLetters) == std::string::npos && name[0] != '.';
}

Result<machine::StreamPort> parse(const std::string& text, const std::string& what) {
    const std::size_t equals = text.find('=');
    const std::string advice = "; give NAME=FD, for example agent=3";
    if (equals == std::string::npos || equals == 0) return Error(what + "it is no name and descriptor" + advice);
    machine::StreamPort port{text.substr(0, equals)};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, port.socket);
    if (error != std::errc() || stop != end || port.socket < 0) {
        return Error(what + "there is no descriptor after the =" + advice);
    }
    if (!sane(port.name)) {
        return Error(what + "the name is none; give up to 64 letters, digits and . _ -, the first no dot");
    }
    return port;
}

Result<void> check_socket(int fd, const std::string& what) {
    if (fd <= STDERR_FILENO) {
        return Error(what +
                     "descriptors 0 to 2 are the serial port's and this program's own; give a socket of its own");
    }
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
        const bool closed = errno == EBADF;
        return Error(what + "descriptor " + std::to_string(fd) + (closed ? " is not open" : " is no socket") +
                     "; start this program with one end of a socketpair");
    }
    sockaddr_storage peer{};
    size = sizeof peer;
    const bool connected = ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
    if (type == SOCK_STREAM && connected) return {};
    return Error(what + "descriptor " + std::to_string(fd) +
                 " is no connected stream socket; give one end of a socketpair");
}

}  // namespace

Result<std::vector<machine::StreamPort>> parse_ports(const std::vector<std::string>& texts) {
    std::vector<machine::StreamPort> ports;
    for (const std::string& text : texts) {
        const std::string what = "cannot use " + quoted("--port", text) + ": ";
        machine::StreamPort port = HOSPES_TRY(parse(text, what));
        HOSPES_TRY(check_socket(port.socket, what));
        const bool twice = std::any_of(ports.begin(), ports.end(), [&](const machine::StreamPort& other) {
            return other.name == port.name || other.socket == port.socket;
        });
        if (twice) return Error(what + "its name or its descriptor is there twice; give each port its own");
        if (ports.size() == machine::kMaxStreamPorts) {
            const std::string most = std::to_string(machine::kMaxStreamPorts);
            return Error(what + "a VM has at most " + most + " ports; leave some out");
        }
        ports.push_back(std::move(port));
    }
    return ports;
}

}  // namespace hospes::vmm
