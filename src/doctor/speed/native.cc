#include "doctor/speed/native.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/time.h"
#include "doctor/speed/program.h"

namespace hospes::doctor {

namespace {

// Starts the program with `output` as standard output; its id, or -1 with errno. It ends by SIGPIPE, which this process
// ignores, if nobody listens any more.
pid_t start(int program, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const std::string path = "/proc/self/fd/" + std::to_string(program);
    std::string name = "hospes-speed";
    std::string milliseconds = "100";
    std::array<char*, 3> words{name.data(), milliseconds.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    pid_t process = -1;
    const int failure = ::posix_spawn(&process, path.c_str(), &actions, &attributes, words.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = failure;
    return failure == 0 ? process : -1;
}

// What comes until the other end is closed; less if that takes too long.
std::string read_in_time(int fd) {
    constexpr int kPatience = 30'000;  // ms without a word: a class takes 200
    std::string text;
    std::array<char, 512> piece{};
    for (;;) {
        pollfd ready{fd, POLLIN, 0};
        const int polled = ::poll(&ready, 1, kPatience);
        if (polled < 0 && errno == EINTR) continue;
        if (polled <= 0) return text;
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got <= 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

Result<SpeedReport> measure_natively() {
    const UniqueFd program = HOSPES_TRY(file_in_memory("hospes-speed", speed_program()));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error("cannot make a pipe: " + errno_text(errno));
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t process = start(program.get(), write_end.get());
    if (process < 0) return Error("cannot run hospes-speed from memory: " + errno_text(errno));
    write_end = UniqueFd();
    const std::string text = read_in_time(read_end.get());
    ::kill(process, SIGKILL);  // unless it has ended
    while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) continue;
    auto report = parse_speed_report(text);
    if (!report.ok()) return report.take_error().in("hospes-speed failed on this host");
    return report;
}

}  // namespace hospes::doctor
