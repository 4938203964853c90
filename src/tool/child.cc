#include "tool/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "tool/find.h"

namespace hospes::tool {

namespace {

constexpr std::size_t kKeptLines = 3;
constexpr std::size_t kMostLine = 400;
constexpr std::chrono::seconds kPatience{10};  // with silence on a full disk
constexpr std::uint64_t kFull = 1 << 20;       // so few bytes left

// Whether the disk of the folder in which all tools work has room.
bool has_space() {
    struct statvfs status {};
    return ::statvfs(".", &status) != 0 || std::uint64_t{status.f_bavail} * status.f_frsize >= kFull;
}

// In the child: becomes the tool, or says why not, as an errno, on `report`.
[[noreturn]] void become(const Tool& tool, const std::string& program, char* const* words, int said, int report) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The input first: /dev/null may get one of the numbers that follow.
    const int input = tool.input >= 0 ? tool.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int output = tool.output >= 0 ? tool.output : said;
    const bool ready = ::dup2(input, STDIN_FILENO) >= 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
                       ::dup2(said, STDERR_FILENO) >= 0 &&
                       (tool.directory.empty() || ::chdir(tool.directory.c_str()) == 0);
    if (ready) {
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::execv(program.c_str(), words);
    }
    const int number = errno;
    [[maybe_unused]] const ssize_t told = ::write(report, &number, sizeof number);
    ::_exit(127);
}

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Error("cannot make a pipe: " + errno_text(errno));
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

Result<Child> Child::start(const Tool& tool) {
    Pipe said = HOSPES_TRY(make_pipe());
    Pipe report = HOSPES_TRY(make_pipe());
    std::vector<char*> words;
    for (const std::string& word : tool.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const std::string program = find(tool.words[0]);
    const pid_t pid = ::fork();
    if (pid < 0) return Error("cannot start " + tool.words[0] + ": " + errno_text(errno));
    if (pid == 0) become(tool, program, words.data(), said.write.get(), report.write.get());
    report.write = UniqueFd();
    int number = 0;
    if (::read(report.read.get(), &number, sizeof number) == sizeof number) {
        ::waitpid(pid, nullptr, 0);
        return Error("cannot start " + tool.words[0] + ": " + errno_text(number));
    }
    return Child(tool, pid, std::move(said.read));
}

void Child::end_line() {
    if (line_.empty()) return;
    if (last_lines_.empty() || last_lines_.back() != line_) news_ = std::chrono::steady_clock::now();
    if (tool_->on_line) tool_->on_line(line_);
    last_lines_.push_back(std::exchange(line_, {}));
    if (last_lines_.size() > kKeptLines) last_lines_.pop_front();
}

void Child::hear(std::string_view text) {
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            end_line();
        } else if (line_.size() < kMostLine) {
            line_ += c;
        }
    }
}

Error Child::failure(int status) const {
    std::string text = tool_->words[0] + (WIFSIGNALED(status) ? " was killed by signal " : " ended with status ") +
                       std::to_string(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    const char* separator = ": ";
    for (const std::string& line : last_lines_) {
        text += separator + line;
        separator = " | ";
    }
    return Error(text);
}

// It has said nothing new for long, and the disk that it works on is full. apt-get then waits for ever for a helper of
// its own whose words were lost; it may go on telling that it does.
bool Child::hangs() const {
    return std::chrono::steady_clock::now() - news_ >= kPatience && !tool_->makes_room && !has_space();
}

Result<void> Child::finish() {
    std::array<char, 4096> piece;
    for (;;) {
        if (hangs()) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            return Error(tool_->words[0] + " hangs: " + errno_text(ENOSPC));
        }
        pollfd event{said_.get(), POLLIN, 0};
        if (::poll(&event, 1, 1000) == 0) continue;
        const ssize_t got = ::read(said_.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        hear({piece.data(), static_cast<std::size_t>(got)});
    }
    end_line();
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    if (status != 0) return failure(status);
    return {};
}

}  // namespace hospes::tool
