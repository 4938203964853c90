#include "run/tool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/unique_fd.h"

namespace hospes::run {

namespace {

// Folders of tools are not in an ordinary user's PATH.
std::string find(const std::string& name) {
    const char* path = ::getenv("PATH");
    const std::string folders = std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin:";
    for (std::size_t at = 0; at < folders.size();) {
        const std::size_t end = folders.find(':', at);
        const std::string candidate = folders.substr(at, end - at) + "/" + name;
        if (candidate[0] == '/' && candidate[1] != '/' && ::access(candidate.c_str(), X_OK) == 0) return candidate;
        at = end + 1;
    }
    return "";
}

std::string read_all(int fd) {
    constexpr std::size_t kMost = 4096;
    std::string text;
    std::array<char, 512> piece{};
    for (;;) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        if (text.size() < kMost) text.append(piece.data(), static_cast<std::size_t>(got));
    }
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

// Starts it with `errors` as standard error; the process, or -1 with errno.
pid_t start(const std::string& program, std::vector<std::string> words, int kept, int errors) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, kept, kept);  // to itself: stays open
    std::string no_messages = "LC_ALL=C";
    std::array<char*, 2> environment{no_messages.data(), nullptr};
    pid_t process = -1;
    const int failure =
        ::posix_spawn(&process, program.c_str(), &actions, nullptr, arguments.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    errno = failure;
    return failure == 0 ? process : -1;
}

}  // namespace

Result<void> run_tool(const std::string& name, const std::string& package, int kept,
                      const std::vector<std::string>& words) {
    const std::string program = find(name);
    if (program.empty()) return Error("cannot find " + name + "; install it with: apt-get install " + package);
    std::vector<std::string> all = {name};
    all.insert(all.end(), words.begin(), words.end());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error("cannot make a pipe: " + errno_text(errno));
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t process = start(program, all, kept, write_end.get());
    if (process < 0) return Error("cannot run " + program + ": " + errno_text(errno));
    write_end = UniqueFd();
    const std::string said = read_all(read_end.get());
    int status = 0;
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return Error(program + " failed: " + (said.empty() ? "it said nothing" : said));
}

}  // namespace hospes::run
