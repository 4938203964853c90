#include "image/build/janitor.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "image/entry.h"

namespace hospes::image {

namespace {

// Whoever reads what the caller writes must not wait for us as well.
void let_go_of_streams() {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
}

// What the text begins with, or 0.
pid_t number(std::string_view text) {
    pid_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The parent of `process` as /proc tells it, or 0. The name in the middle may hold anything, so it is skipped from the
// last parenthesis on.
pid_t parent_of(const std::string& process) {
    std::ifstream file("/proc/" + process + "/stat");
    std::string text;
    std::getline(file, text, '\0');
    const std::size_t name_end = text.rfind(')');
    constexpr std::size_t kParent = sizeof ") S " - 1;
    return name_end == std::string::npos || name_end + kParent > text.size() ? 0
                                                                             : number(text.substr(name_end + kParent));
}

void kill_children() {
    auto names = names_in("/proc");
    if (!names.ok()) return;
    for (const std::string& name : names.value()) {
        if (name[0] < '1' || name[0] > '9') continue;
        if (parent_of(name) == ::getpid()) ::kill(number(name), SIGKILL);
    }
}

// Orphans become children of this process, so that rounds of "kill the children" reach all that descend from it.
void kill_descendants() {
    do {
        kill_children();
    } while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR);
}

// Until the builder has ended, the caller has, or a signal says so.
void wait_for_end(int lifeline, pid_t builder, int signals) {
    for (;;) {
        pollfd events[] = {{lifeline, POLLIN, 0}, {signals, POLLIN, 0}};
        if (::poll(events, 2, -1) < 0 && errno != EINTR) return;
        if (events[0].revents != 0) return;
        if (events[1].revents == 0) continue;
        signalfd_siginfo info{};
        if (::read(signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD) return;
        // Signals of the same number merge, so all that have ended are collected.
        pid_t ended = 0;
        while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
            if (ended == builder) return;
        }
    }
}

}  // namespace

void serve_as_janitor(int lifeline, const WorkFolder& folder, const std::function<void()>& builder,
                      const std::function<void()>& clean_up) {
    ::setsid();
    ::prctl(PR_SET_NAME, "hospes-janitor");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    let_go_of_streams();
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    const UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC));
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::prctl(PR_SET_NAME, "hospes-builder");
        ::close(lifeline);
        ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
        builder();
        ::_exit(0);
    }
    if (child > 0) wait_for_end(lifeline, child, signals.get());
    kill_descendants();
    const bool removed = remove_tree(folder.path).ok();
    clean_up();
    ::_exit(removed ? 0 : 1);
}

}  // namespace hospes::image
