#include "run/stream.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

namespace hospes::run {

namespace {

constexpr std::size_t kPiece = 128 * 1024;
constexpr int kRetryMilliseconds = 300;

// A background process that reads its terminal: EIO instead of a stop, since only this thread is to wait.
void do_not_stop_for_terminal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTIN);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool in_background(int terminal) { return ::isatty(terminal) == 1 && ::tcgetpgrp(terminal) != ::getpgrp(); }

}  // namespace

Result<Stream> Stream::start(int user, UniqueFd socket, void (Shared::*carry)()) {
    auto shared = std::make_shared<Shared>();
    shared->socket = std::move(socket);
    shared->user = user;
    shared->finished = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!shared->finished.valid()) return Error("cannot make an eventfd: " + errno_text(errno));
    std::thread([shared, carry] {
        (shared.get()->*carry)();
        ::eventfd_write(shared->finished.get(), 1);
    }).detach();
    return Stream(std::move(shared));
}

Result<Stream> Stream::input(int from, UniqueFd socket) { return start(from, std::move(socket), &Shared::carry_input); }

Result<Stream> Stream::output(UniqueFd socket, int to) { return start(to, std::move(socket), &Shared::carry_output); }

Stream::~Stream() {
    if (shared_) ::shutdown(shared_->socket.get(), SHUT_RDWR);
}

// False when the socket's other end is gone: no one wants the input.
bool Stream::Shared::wait_for_input() const {
    for (;;) {
        const bool elsewhere = in_background(user);
        std::array<pollfd, 2> wait{{{user, static_cast<short>(elsewhere ? 0 : POLLIN), 0}, {socket.get(), 0, 0}}};
        const int ready = ::poll(wait.data(), wait.size(), elsewhere ? kRetryMilliseconds : -1);
        if (ready < 0 && errno != EINTR) return false;
        if (ready <= 0) continue;
        if (wait[1].revents != 0) return false;
        if (wait[0].revents != 0) return true;
    }
}

void Stream::Shared::carry_input() {
    do_not_stop_for_terminal();
    std::vector<char> piece(kPiece);
    while (wait_for_input()) {
        const ssize_t got = ::read(user, piece.data(), piece.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN || (errno == EIO && in_background(user)))) continue;
        if (got < 0) failure = errno;
        if (got <= 0 || !send_all(piece.data(), static_cast<std::size_t>(got))) break;
    }
    ::shutdown(socket.get(), SHUT_WR);
}

bool Stream::Shared::send_all(const char* bytes, std::size_t count) const {
    while (count > 0) {
        const ssize_t sent = ::send(socket.get(), bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        bytes += sent;
        count -= static_cast<std::size_t>(sent);
    }
    return true;
}

void Stream::Shared::carry_output() {
    std::vector<char> piece(kPiece);
    for (;;) {
        const ssize_t got = ::recv(socket.get(), piece.data(), piece.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        if (write_all(piece.data(), static_cast<std::size_t>(got))) continue;
        failure = errno;
        ::shutdown(socket.get(), SHUT_RDWR);
        return;
    }
}

// False with errno.
bool Stream::Shared::write_all(const char* bytes, std::size_t count) const {
    while (count > 0) {
        const ssize_t done = ::write(user, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && errno == EAGAIN) {  // someone else switched it to non-blocking
            pollfd wait{.fd = user, .events = POLLOUT, .revents = 0};
            ::poll(&wait, 1, -1);
            continue;
        }
        if (done < 0) return false;
        bytes += done;
        count -= static_cast<std::size_t>(done);
    }
    return true;
}

}  // namespace hospes::run
