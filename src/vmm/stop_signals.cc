#include "vmm/stop_signals.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace hospes::vmm {

namespace {
constexpr int kNumbers[] = {SIGTERM, SIGINT, SIGHUP};
constexpr int kDiedOfSignal = 128;  // as shells say it
}  // namespace

Result<StopSignals> StopSignals::block() {
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
    return StopSignals(set, std::move(fd));
}

Result<void> StopSignals::watch(EventLoop& loop, std::function<void(int)> arrived) {
    return loop.watch(fd_.get(), EPOLLIN, [fd = fd_.get(), arrived = std::move(arrived)](std::uint32_t) {
        signalfd_siginfo info;
        if (::read(fd, &info, sizeof info) == sizeof info) arrived(static_cast<int>(info.ssi_signo));
    });
}

void StopSignals::release() { ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

void die_of(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    ::signal(number, SIG_DFL);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    ::raise(number);
    ::_exit(kDiedOfSignal + number);
}

}  // namespace hospes::vmm
