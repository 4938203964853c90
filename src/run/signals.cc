#include "run/signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

namespace hospes::run {

namespace {
constexpr int kNumbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT};
}

Result<Signals> Signals::block() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : kNumbers) {
        struct sigaction before {};
        ::sigaction(number, nullptr, &before);
        if (before.sa_handler != SIG_IGN) sigaddset(&set, number);
    }
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd.valid()) return Error("cannot watch for signals: " + errno_text(errno) + "; raise the limit of open files");
    return Signals(std::move(fd));
}

Result<void> Signals::watch(EventLoop& loop, std::function<void(int)> arrived) {
    return loop.watch(fd_.get(), EPOLLIN, [fd = fd_.get(), arrived = std::move(arrived)](std::uint32_t) {
        signalfd_siginfo info;
        if (::read(fd, &info, sizeof info) == sizeof info) arrived(static_cast<int>(info.ssi_signo));
    });
}

}  // namespace hospes::run
