#include "virtio/console/socket_backend.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "virtio/queue/chain.h"

namespace hospes::virtio::console {

namespace {

bool must_wait(int number) { return number == EAGAIN || number == EWOULDBLOCK || number == EINTR; }

// A system call's vector of segments: it never writes through one that is only read.
msghdr message_of(std::span<const iovec> data) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(data.data());
    message.msg_iovlen = data.size();
    return message;
}

}  // namespace

SocketBackend::~SocketBackend() {
    input_ready_ = output_ready_ = nullptr;
    watch();
}

// The first segments of `data`, as much as may be moved before the loop's next turn.
std::span<const iovec> SocketBackend::burst(std::span<const iovec> data) {
    std::size_t count = 0, left = burst_left_;
    for (; count < data.size() && count < std::size(part_) && left > 0; ++count) {
        part_[count] = {data[count].iov_base, std::min(data[count].iov_len, left)};
        left -= part_[count].iov_len;
    }
    return std::span(part_).first(count);
}

std::size_t SocketBackend::output(std::span<const iovec> data) {
    std::size_t taken = 0;
    if (!output_gone_) {
        const std::span<const iovec> part = burst(data);
        if (total_length(part) == 0) return 0;
        const msghdr message = message_of(part);
        const ssize_t count = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && must_wait(errno)) return 0;
        output_gone_ = count < 0;
        if (count > 0) taken = static_cast<std::size_t>(count);
        burst_left_ -= taken;
    }
    return output_gone_ ? total_length(data) : taken;
}

std::size_t SocketBackend::input(std::span<const iovec> data) {
    if (input_ended_) return 0;
    const std::span<const iovec> part = burst(data);
    if (total_length(part) == 0) return 0;
    msghdr message = message_of(part);
    const ssize_t count = ::recvmsg(fd_, &message, MSG_DONTWAIT);
    if (count < 0 && must_wait(errno)) return 0;
    input_ended_ = count <= 0;
    if (input_ended_) return 0;
    burst_left_ -= static_cast<std::size_t>(count);
    return static_cast<std::size_t>(count);
}

void SocketBackend::want_input(bool wanted, std::function<void()> ready) {
    input_ready_ = wanted ? std::move(ready) : nullptr;
    watch();
}

void SocketBackend::want_output(bool wanted, std::function<void()> ready) {
    output_ready_ = wanted ? std::move(ready) : nullptr;
    watch();
}

void SocketBackend::watch() {
    const std::uint32_t events =
        (input_ready_ ? std::uint32_t{EPOLLIN} : 0) | (output_ready_ ? std::uint32_t{EPOLLOUT} : 0);
    if (events == watched_) return;
    if (events == 0) {
        loop_.unwatch(fd_);
        watched_ = 0;
    } else if (loop_.watch(fd_, events, [this](std::uint32_t now) { ready(now); }).ok()) {
        watched_ = events;
    }
}

// Errors and hang-ups are for both directions: the call that is made next learns of them.
void SocketBackend::ready(std::uint32_t events) {
    burst_left_ = kBurst;
    const std::uint32_t ends = EPOLLHUP | EPOLLERR;
    const auto output_ready = (events & (EPOLLOUT | ends)) != 0 ? output_ready_ : nullptr;
    const auto input_ready = (events & (EPOLLIN | ends)) != 0 ? input_ready_ : nullptr;
    if (output_ready) output_ready();
    if (input_ready) input_ready();
}

void SocketBackend::guest_opened(bool open) {
    if (open) return;
    ::shutdown(fd_, SHUT_WR);
    output_gone_ = true;
}

}  // namespace hospes::virtio::console
