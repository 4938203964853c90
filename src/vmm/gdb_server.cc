#include "vmm/gdb_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hospes::vmm {

namespace {

// A debugger that reads nothing is dropped: it asks for no more than this before it has read.
constexpr std::size_t kMostPending = 1u << 20;

}  // namespace

GdbServer::~GdbServer() = default;

Result<void> GdbServer::serve(EventLoop& loop, machine::Machine& machine) {
    loop_ = &loop;
    machine_ = &machine;
    target_.use(&machine);
    machine.board().watch_halting([this](const machine::Halting::Reason& reason) { all_stopped(reason); });
    HOSPES_TRY(loop.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); }));
    if (!connection_.valid()) return {};
    if (!stub_) {
        machine.board().halting().stop_all();
        return {};
    }
    watch_connection();
    stub_->restarted();
    return {};
}

void GdbServer::suspend() {
    loop_ = nullptr;
    machine_ = nullptr;
    target_.use(nullptr);
}

void GdbServer::end(int status) {
    if (stub_) stub_->ended(status);
}

void GdbServer::accept() {
    UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer.valid() || connection_.valid()) return;  // a second one is closed
    connection_ = std::move(peer);
    pending_.clear();
    if (machine_->board().halting().all_stopped()) return begin();
    machine_->board().halting().stop_all();
}

// The machine stands still for a debugger that has just come.
void GdbServer::begin() {
    left_ = false;
    stub_ = std::make_unique<gdb::Stub>(target_, [this](const std::string& bytes) { write(bytes); });
    watch_connection();
}

void GdbServer::all_stopped(const machine::Halting::Reason& reason) {
    if (stub_) return stub_->stopped({reason.vcpu, reason.debug});
    if (connection_.valid()) return begin();
    if (left_) target_.detach();
    left_ = false;
}

void GdbServer::watch_connection() {
    const std::uint32_t events = pending_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
    // It is a socket, which can be waited for.
    (void)loop_->watch(connection_.get(), events, [this](std::uint32_t ready) {
        if ((ready & EPOLLOUT) != 0) flush();
        if (connection_.valid() && (ready & ~EPOLLOUT) != 0) read();
    });
}

void GdbServer::read() {
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(connection_.get(), bytes.data(), bytes.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const bool stays = count > 0 && stub_->receive({bytes.data(), static_cast<std::size_t>(count)});
    if (!stays) drop();
}

void GdbServer::write(const std::string& bytes) {
    pending_ += bytes;
    flush();
}

void GdbServer::flush() {
    const bool waited = !pending_.empty();
    while (!pending_.empty()) {
        iovec part{pending_.data(), pending_.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        const ssize_t count = ::sendmsg(connection_.get(), &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) break;
        pending_.erase(0, static_cast<std::size_t>(count));
    }
    if (pending_.size() > kMostPending) ::shutdown(connection_.get(), SHUT_RDWR);  // read() sees that
    if (waited && loop_ != nullptr) watch_connection();
}

// The debugger has left: the guest goes on, unless it was told to end. What runs must stand still first, to be told
// that it need not look out for anything any more.
void GdbServer::drop() {
    if (loop_ != nullptr) loop_->unwatch(connection_.get());
    connection_ = UniqueFd();
    pending_.clear();
    stub_.reset();
    if (machine_ == nullptr || machine_->ending().requested()) return;
    if (machine_->board().halting().all_stopped()) return target_.detach();
    left_ = true;
    machine_->board().halting().stop_all();
}

}  // namespace hospes::vmm
