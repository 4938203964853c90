#include "image/build/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "base/unique_fd.h"
#include "image/build/janitor.h"
#include "image/build/report.h"

namespace hospes::image {

namespace {

// Holds back the signals by which an operator ends a program, but those that are ignored anyway (nohup).
class HeldSignals {
  public:
    HeldSignals() {
        ::sigemptyset(&set_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction action {};
            if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) ::sigaddset(&set_, number);
        }
        ::sigprocmask(SIG_BLOCK, &set_, &before_);
        fd_ = UniqueFd(::signalfd(-1, &set_, SFD_CLOEXEC));
    }
    // Those that came act now.
    ~HeldSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

    int fd() const { return fd_.get(); }

    // Takes the one that has come, and makes it pending again for the end of the hold.
    void take() {
        signalfd_siginfo info{};
        if (::read(fd_.get(), &info, sizeof info) == sizeof info) came_ = static_cast<int>(info.ssi_signo);
    }
    bool came() const { return came_ != 0; }
    void put_back() const {
        if (came_ != 0) ::kill(::getpid(), came_);
    }

  private:
    sigset_t set_{};
    sigset_t before_{};
    UniqueFd fd_;
    int came_ = 0;
};

struct Pair {
    UniqueFd ours;
    UniqueFd theirs;
};

Result<Pair> make_pair(int type) {
    int ends[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) {
        return Error("cannot make a socket: " + errno_text(errno));
    }
    return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Follows the build until its result is there or a signal wants its end.
Result<void> follow(int reports, HeldSignals& signals, Progress& progress) {
    for (;;) {
        pollfd events[] = {{reports, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
        if (::poll(events, 2, -1) < 0) continue;
        if (events[1].revents != 0) {
            signals.take();
            return Error("interrupted");
        }
        if (events[0].revents == 0) continue;
        if (auto result = take_report(reports, progress)) return std::move(*result);
    }
}

// Waits for the janitor; a signal while it works is not waited with.
void wait_for(pid_t janitor, int watch, HeldSignals& signals) {
    pollfd events[] = {{watch, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    while (::poll(events, 2, -1) < 0) {
    }
    if (events[1].revents != 0) {
        signals.take();
        return;
    }
    while (::waitpid(janitor, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

Result<void> run_in_worker(WorkFolder folder, Progress& progress,
                           const std::function<Result<void>(Progress& progress)>& build,
                           const std::function<void()>& clean_up) {
    Pair reports = HOSPES_TRY(make_pair(SOCK_SEQPACKET));
    Pair lifeline = HOSPES_TRY(make_pair(SOCK_STREAM));
    HeldSignals signals;
    const pid_t janitor = ::fork();
    if (janitor < 0) return Error("cannot start a process: " + errno_text(errno));
    if (janitor == 0) {
        reports.ours = UniqueFd();
        lifeline.ours = UniqueFd();
        const auto builder = [&] {
            ReportingProgress reporting(reports.theirs.get());
            reporting.end(build(reporting));
        };
        serve_as_janitor(lifeline.theirs.get(), folder, builder, clean_up);
    }
    reports.theirs = UniqueFd();
    lifeline.theirs = UniqueFd();
    folder.lock = UniqueFd();
    auto result = follow(reports.ours.get(), signals, progress);
    ::shutdown(lifeline.ours.get(), SHUT_WR);
    wait_for(janitor, lifeline.ours.get(), signals);
    signals.put_back();
    return result;
}

}  // namespace hospes::image
