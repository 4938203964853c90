#include "run/control.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace hospes::run {

Result<std::unique_ptr<Control>> Control::create(EventLoop& loop, UniqueFd socket, Handler handler) {
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    std::unique_ptr<Control> control(new Control(loop, std::move(socket), std::move(handler)));
    HOSPES_TRY(control->watch());
    return control;
}

Result<void> Control::watch() {
    const std::uint32_t events = unsent_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
    return loop_.watch(socket_.get(), events, [this](std::uint32_t ready) {
        if (ready & EPOLLOUT) flush();
        if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive();
    });
}

void Control::send(const api::session::Message& message) {
    unsent_ += encode(message);
    flush();
}

void Control::flush() {
    const bool waited = !unsent_.empty();
    while (!unsent_.empty()) {
        const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) unsent_.clear();  // the VM is gone
        if (sent < 0) break;
        unsent_.erase(0, static_cast<std::size_t>(sent));
    }
    if (waited && !watch().ok()) unsent_.clear();
}

void Control::receive() {
    std::array<char, 4096> piece{};
    const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return loop_.unwatch(socket_.get());
    reader_.feed(std::span(piece.data(), static_cast<std::size_t>(got)));
    for (;;) {
        auto next = reader_.next();
        if (!next.ok()) {
            loop_.unwatch(socket_.get());
            return handler_.broken();
        }
        if (!next->has_value()) return;
        handler_.message(**next);
    }
}

}  // namespace hospes::run
