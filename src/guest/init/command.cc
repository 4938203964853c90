#include "guest/init/command.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "api/session/codec.h"
#include "guest/init/program.h"

namespace hospes::guest {

namespace {

using api::session::Failed;
using api::session::FailureKind;
using api::session::Start;

// As a login on Debian has it. The other limits are the kernel's own defaults, which are as good.
constexpr rlimit kOpenFiles{1024, 524288};
// An image's home folder may be missing: then the root, as login does it.
constexpr char kNoHome[] = "/";

Failed setup_failed(const char* what) {
    return {FailureKind::Setup, std::string("cannot ") + what + ": " + errno_text(errno)};
}

bool take_streams(const Streams& streams, bool terminal) {
    ::setsid();
    if (terminal && ::ioctl(streams.input.get(), TIOCSCTTY, 0) != 0) return false;
    return ::dup2(streams.input.get(), STDIN_FILENO) >= 0 && ::dup2(streams.output.get(), STDOUT_FILENO) >= 0 &&
           ::dup2(streams.error.get(), STDERR_FILENO) >= 0;
}

// The init's own signal mask and dispositions are not the command's.
void reset_process() {
    ::umask(022);
    ::setrlimit(RLIMIT_NOFILE, &kOpenFiles);
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool take_account(const Account& account) {
    return ::setgroups(account.groups.size(), account.groups.data()) == 0 && ::setgid(account.group) == 0 &&
           ::setuid(account.user) == 0;
}

// In the new process; comes back only with a failure.
Failed run(const Start& start, const Account& account, const Streams& streams) {
    if (!take_streams(streams, start.terminal != 0)) return setup_failed("give the command its standard streams");
    reset_process();
    if (!take_account(account)) return setup_failed("become the user");
    if (start.directory.empty()) {
        if (::chdir(account.home.c_str()) != 0 && ::chdir(kNoHome) != 0) return setup_failed("enter a folder");
    } else if (::chdir(start.directory.c_str()) != 0) {
        return {FailureKind::BadDirectory, errno_text(errno)};
    }
    return become(start.words, environment_of(account, start.environment));
}

// What the new process wrote before it gave up; nothing if it has become the command.
std::variant<pid_t, Failed> outcome(pid_t child, int report) {
    api::session::FrameReader reader;
    char bytes[4096];
    ssize_t count = 0;
    while ((count = ::read(report, bytes, sizeof bytes)) > 0) reader.feed({bytes, static_cast<std::size_t>(count)});
    auto message = reader.next();
    if (!message.ok() || !message.value().has_value()) return child;
    ::waitpid(child, nullptr, 0);
    const auto* failed = std::get_if<Failed>(&**message);
    return failed ? *failed : Failed{FailureKind::Setup, "the command's process has lost its way"};
}

}  // namespace

std::variant<pid_t, Failed> start_command(const Start& start, const Account& account, const Streams& streams) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return setup_failed("make a pipe");
    const UniqueFd report(ends[0]);
    UniqueFd reporter(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return setup_failed("start a process");
    if (child == 0) {
        const std::string frame = api::session::encode(run(start, account, streams));
        const bool told = ::write(reporter.get(), frame.data(), frame.size()) >= 0;
        ::_exit(told ? 0 : 1);
    }
    reporter = UniqueFd();
    return outcome(child, report.get());
}

}  // namespace hospes::guest
