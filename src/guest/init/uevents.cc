#include "guest/init/uevents.h"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <cstdint>

namespace hospes::guest {

namespace {

constexpr int kLongestSleep = 100;  // milliseconds: an event may be lost when there are very many

std::int64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

void drain(int fd) {
    char event[4096];
    while (::recv(fd, event, sizeof event, MSG_DONTWAIT) >= 0) {
    }
}

}  // namespace

Uevents::Uevents() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1;  // the kernel's own events
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) socket_ = UniqueFd();
}

bool Uevents::wait_for(const std::function<bool()>& there, int milliseconds) const {
    const std::int64_t end = now() + milliseconds;
    while (!there()) {
        if (now() >= end) return false;
        pollfd wait{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        ::poll(&wait, 1, kLongestSleep);
        drain(socket_.get());
    }
    return true;
}

}  // namespace hospes::guest
