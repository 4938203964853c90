#include "guest/init/control.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace hospes::guest {

void Control::send(const api::session::Message& message) {
    const std::string frame = api::session::encode(message);
    for (std::size_t done = 0; done < frame.size();) {
        const ssize_t count = ::write(port_.get(), frame.data() + done, frame.size() - done);
        if (count > 0) {
            done += static_cast<std::size_t>(count);
            continue;
        }
        if (count < 0 && errno != EAGAIN && errno != EINTR) return;  // the port is gone: receive() will say so
        pollfd wait{.fd = port_.get(), .events = POLLOUT, .revents = 0};
        ::poll(&wait, 1, -1);
        if ((wait.revents & POLLHUP) != 0) return;
    }
}

bool Control::receive() {
    char bytes[16 << 10];
    const ssize_t count = ::read(port_.get(), bytes, sizeof bytes);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    reader_.feed({bytes, static_cast<std::size_t>(count)});
    return count > 0;
}

}  // namespace hospes::guest
