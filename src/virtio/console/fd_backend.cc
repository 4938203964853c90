#include "virtio/console/fd_backend.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

#include "virtio/queue/chain.h"

namespace hospes::virtio::console {

namespace {

bool ready_to_read(int fd) {
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, 0) == 1;
}

}  // namespace

FdBackend::~FdBackend() { want_input(false, nullptr); }

std::size_t FdBackend::output(std::span<const iovec> data) {
    for (const iovec& part : data) {
        const char* next = static_cast<const char*>(part.iov_base);
        std::size_t left = part.iov_len;
        while (out_ >= 0 && left > 0) {
            const ssize_t done = ::write(out_, next, left);
            if (done < 0 && errno == EINTR) continue;
            if (done < 0 && errno == EAGAIN) {
                pollfd wait{.fd = out_, .events = POLLOUT, .revents = 0};
                ::poll(&wait, 1, -1);
                continue;
            }
            if (done < 0) return total_length(data);  // the reader is gone: its loss
            next += done;
            left -= static_cast<std::size_t>(done);
        }
    }
    return total_length(data);
}

std::size_t FdBackend::input(std::span<const iovec> data) {
    // The descriptor may be shared with other processes, so it is not switched to non-blocking; asked first instead.
    if (in_ < 0 || data.empty() || !ready_to_read(in_)) return 0;
    const ssize_t count = ::readv(in_, data.data(), static_cast<int>(data.size()));
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) {  // end of input: no more of it, ever
        want_input(false, nullptr);
        in_ = -1;
    }
    return 0;
}

void FdBackend::want_input(bool wanted, std::function<void()> ready) {
    if (in_ < 0 || loop_ == nullptr || wanted == watching_) return;
    if (!wanted) {
        loop_->unwatch(in_);
        watching_ = false;
        return;
    }
    // A file cannot be waited for and needs not: input() has given all of it already by now.
    watching_ = loop_->watch(in_, EPOLLIN, [ready](std::uint32_t) { ready(); }).ok();
}

}  // namespace hospes::virtio::console
