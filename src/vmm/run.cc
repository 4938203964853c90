#include "vmm/run.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "vmm/engine_choice.h"
#include "vmm/session.h"

namespace hospes::vmm {

namespace {

// One line, whatever a file name or a value on the command line holds.
void say(std::string text) {
    for (char& character : text) {
        if (static_cast<unsigned char>(character) < ' ') character = '?';
    }
    log_line("%s", text.c_str());
}

int refuse(const Error& error) {
    const bool advises = error.message().find("; ") != std::string::npos;
    say(error.message() + (advises ? "" : "; see hospes-vmm --help"));
    return kStatusError;
}

// A file opened in the place of a closed standard descriptor would get the guest's output.
void fill_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return;
    }
}

}  // namespace

int run(int count, const char* const* words) {
    fill_standard_descriptors();
    ::signal(SIGPIPE, SIG_IGN);  // a reader that went away shows as EPIPE
    // Malloc would look at files out of reach: with more threads, for how many CPUs the host has, and before it gives
    // back part of an arena.
    ::mallopt(M_ARENA_MAX, 8);
    ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
    ::prctl(PR_SET_TIMERSLACK, 1ul);  // inherited by every thread: the guest's timers are not to be 50 us late
    auto command_line = parse_command_line(count, words);
    if (!command_line.ok()) return refuse(command_line.error());
    if (command_line->answer) return std::fputs(command_line->answer->c_str(), stdout) < 0 ? kStatusError : 0;

    Options& options = command_line->options;
    auto engine = choose_engine(options.engine);
    if (!engine.ok()) return refuse(engine.error());
    options.machine.engine_kind = *engine;

    auto session = Session::create(options);
    if (!session.ok()) return refuse(session.error());
    auto outcome = (*session)->run();
    session->reset();  // restores the terminal before anything is said
    if (!outcome.ok()) return refuse(outcome.error());
    say(outcome->line + " (engine: " + machine::name_of(*engine) + ")");
    if (outcome->signal != 0) die_of(outcome->signal);
    return outcome->status;
}

}  // namespace hospes::vmm
