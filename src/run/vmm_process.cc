#include "run/vmm_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

namespace hospes::run {

namespace {

struct Pipe {
    UniqueFd read_end, write_end;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return Error("cannot make a pipe: " + errno_text(errno) + "; raise the limit of open files");
    }
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string own_folder() {
    std::array<char, PATH_MAX> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    const std::string program(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    return program.substr(0, program.rfind('/'));
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const char* program, char* const* arguments, const std::vector<int>& kept, pid_t parent,
                         int console, int log) {
    ::setpgid(0, 0);  // Ctrl-C is for the command, by way of the parent
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);  // it died before the line above
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(console, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);  // also what this program was started with
    for (const int fd : kept) ::fcntl(fd, F_SETFD, 0);
    ::execv(program, arguments);
    ::_exit(1);
}

}  // namespace

Result<std::string> VmmProcess::program() {
    const std::string folder = own_folder();
    for (const char* place : {"/hospes-vmm", "/../libexec/hospes/hospes-vmm"}) {
        if (::access((folder + place).c_str(), X_OK) == 0) return folder + place;
    }
    return Error("cannot find hospes-vmm in " + folder + "; install both programs of one build side by side");
}

Result<VmmProcess> VmmProcess::start(const std::vector<std::string>& words, const std::vector<int>& kept) {
    const std::string path = HOSPES_TRY(program());
    Pipe console = HOSPES_TRY(make_pipe());
    Pipe log = HOSPES_TRY(make_pipe());
    std::vector<std::string> all = {"hospes-vmm"};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    arguments.reserve(all.size() + 1);
    for (std::string& word : all) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t process = ::fork();
    if (process == 0) {
        become(path.c_str(), arguments.data(), kept, parent, console.write_end.get(), log.write_end.get());
    }
    if (process < 0) return Error("cannot start " + path + ": " + errno_text(errno) + "; end other processes first");
    return VmmProcess(process, std::move(console.read_end), std::move(log.read_end));
}

VmmProcess::VmmProcess(VmmProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), console_(std::move(other.console_)), log_(std::move(other.log_)) {}

void VmmProcess::send(int signal) const {
    if (process_ > 0) ::kill(process_, signal);
}

void VmmProcess::kill() {
    if (process_ < 0) return;
    send(SIGKILL);
    wait();
}

bool VmmProcess::end() {
    constexpr unsigned kTries = 1000;
    console_ = UniqueFd();
    log_ = UniqueFd();
    send(SIGTERM);
    int status = 0;
    for (unsigned i = 0; i < kTries; ++i) {
        if (::waitpid(process_, &status, WNOHANG) == process_) {
            process_ = -1;
            return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
        }
        ::usleep(10'000);
    }
    kill();
    return false;
}

int VmmProcess::wait() {
    int status = 0;
    while (process_ > 0 && ::waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
    process_ = -1;
    return status;
}

}  // namespace hospes::run
