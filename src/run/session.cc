#include "run/session.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace hospes::run {

namespace {

using namespace api::session;

constexpr Nanoseconds kStartLimit = 300 * kSecond;  // a hundred times what it takes: the guest hangs
constexpr unsigned kConsoleLines = 12;

int status_of(FailureKind kind) {
    switch (kind) {
        case FailureKind::NotFound: return kNotFound;
        case FailureKind::NotExecutable: return kNotExecutable;
        case FailureKind::Setup:
        case FailureKind::BadUser:
        case FailureKind::BadDirectory: break;
    }
    return kNotStarted;
}

}  // namespace

Result<Outcome> Session::run() {
    loop_ = HOSPES_TRY(EventLoop::create(lock_));
    HOSPES_TRY(connect());
    loop_->run();
    terminal_.restore();
    const bool saves = plan_.save_translations >= 0 && outcome_.status == 0;
    if (saves && !vm_.process.end()) outcome_.status = kNotStarted;
    vm_.process.kill();
    return outcome_;
}

Result<void> Session::connect() {
    log_.emplace([this](const std::string& text) { notice(text); });
    control_ = HOSPES_TRY(Control::create(
        *loop_, std::move(vm_.control),
        {[this](const Message& received) { message(received); },
         [this] { end(kNotStarted, "the guest's init does not speak as agreed; the VM was ended", true); }}));
    HOSPES_TRY(signals_.watch(*loop_, [this](int number) { signal(number); }));
    watch_text(vm_.process.console(), [this](std::span<const char> bytes) { console_.add(bytes); });
    watch_text(vm_.process.log(), [this](std::span<const char> bytes) { log_->add(bytes); });
    verification_ = HOSPES_TRY(Verification::start(plan_.image));
    HOSPES_TRY(loop_->watch(verification_->finished(), EPOLLIN, [this](std::uint32_t) { verified(); }));
    arm(start_limit_, kStartLimit, [this] {
        if (phase_ <= Phase::Starting) end(kNotStarted, "the VM did not start in 5 minutes", true);
    });
    if (plan_.limit) arm(limit_, *plan_.limit, [this] { end(kTimedOut, "", false); });
    return {};
}

void Session::arm(std::unique_ptr<Timer>& timer, Nanoseconds from_now, std::function<void()> fire) {
    timer = loop_->create_timer(std::move(fire));
    timer->arm(loop_->now() + from_now);
}

// Reads what the VMM writes, for as long as it lives.
void Session::watch_text(int fd, std::function<void(std::span<const char>)> take) {
    const auto ready = [this, fd, take = std::move(take)](std::uint32_t) {
        std::array<char, 16384> piece{};
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) return;
        if (got <= 0) return text_ended(fd);
        const std::span<const char> bytes(piece.data(), static_cast<std::size_t>(got));
        if (plan_.verbose && ::write(STDERR_FILENO, bytes.data(), bytes.size()) < 0) return;
        take(bytes);
    };
    ++open_texts_;
    if (!loop_->watch(fd, EPOLLIN, ready).ok()) text_ended(fd);
}

// The VMM is gone when both have been read to their ends.
void Session::text_ended(int fd) {
    loop_->unwatch(fd);
    if (--open_texts_ == 0) vm_gone();
}

void Session::message(const Message& received) {
    if (std::holds_alternative<Hello>(received) && !hello_) {
        if (std::get<Hello>(received).version != kVersion) {
            return end(kNotStarted, "the guest's init is of another version; build hospes again", false);
        }
        hello_ = true;
        start_command();
    } else if (std::holds_alternative<Started>(received) && phase_ == Phase::Starting) {
        command_runs();
    } else if (const auto* failed = std::get_if<Failed>(&received)) {
        command_failed(*failed);
    } else if (const auto* ended = std::get_if<Ended>(&received); ended != nullptr && phase_ == Phase::Running) {
        command_ended(*ended);
    }
}

void Session::verified() {
    loop_->unwatch(verification_->finished());
    const auto result = verification_->take_result();
    if (!result.ok()) return end(kNotStarted, result.error().message(), false);
    right_ = true;
    start_command();
}

void Session::start_command() {
    if (!hello_ || !right_ || phase_ != Phase::Booting) return;
    phase_ = Phase::Starting;
    Start start = plan_.start;
    const WindowShape shape = window_shape();
    start.rows = shape.rows;
    start.columns = shape.columns;
    control_->send(start);
}

void Session::command_runs() {
    phase_ = Phase::Running;
    const auto connected = connect_streams();
    if (!connected.ok()) return end(kNotStarted, connected.error().message(), false);
    if (plan_.start.terminal) terminal_.enter();
}

Result<void> Session::connect_streams() {
    input_.emplace(HOSPES_TRY(Stream::input(STDIN_FILENO, std::move(vm_.input))));
    HOSPES_TRY(connect_output(output_, std::move(vm_.output), STDOUT_FILENO));
    if (plan_.start.terminal) return {};
    return connect_output(errors_, std::move(vm_.errors), STDERR_FILENO);
}

Result<void> Session::connect_output(std::optional<Stream>& stream, UniqueFd socket, int to) {
    stream.emplace(HOSPES_TRY(Stream::output(std::move(socket), to)));
    ++open_outputs_;
    return loop_->watch(stream->finished(), EPOLLIN, [this, &stream, to](std::uint32_t) {
        loop_->unwatch(stream->finished());
        const int failure = stream->failure();
        if (failure != 0 && failure != EPIPE) {
            const std::string name = to == STDOUT_FILENO ? "output" : "error";
            notice("cannot write standard " + name + ": " + errno_text(failure));
        }
        --open_outputs_;
        drained();
    });
}

void Session::command_failed(const Failed& failed) {
    if (phase_ != Phase::Starting && phase_ != Phase::Booting) return;
    const bool setup = failed.kind == FailureKind::Setup;
    end(status_of(failed.kind), what_failed(failed.kind) + " in " + plan_.image.name + ": " + failed.reason, setup);
}

std::string Session::what_failed(FailureKind kind) const {
    switch (kind) {
        case FailureKind::Setup: return "the guest could not be made ready";
        case FailureKind::BadUser: return "cannot run as user \"" + plan_.start.user + "\"";
        case FailureKind::BadDirectory: return "cannot run in folder \"" + plan_.start.directory + "\"";
        case FailureKind::NotFound:
        case FailureKind::NotExecutable: break;
    }
    return "cannot run \"" + plan_.start.words[0] + "\"";
}

void Session::command_ended(const Ended& ended) {
    phase_ = Phase::Draining;
    outcome_.status = ended.signal != 0 ? kSignalBase + ended.signal : ended.status;
    drained();
}

void Session::drained() {
    if (phase_ == Phase::Draining && open_outputs_ == 0) end(outcome_.status, "", false);
}

void Session::signal(int number) {
    switch (number) {
        case SIGWINCH: {
            const WindowShape shape = window_shape();
            if (phase_ == Phase::Running) control_->send(WindowSize{shape.rows, shape.columns});
            return;
        }
        case SIGTSTP: return stopped_by_terminal();
        case SIGCONT: return goes_on();
        default: break;
    }
    if (phase_ == Phase::Running) return control_->send(Signal{static_cast<std::uint8_t>(number)});
    end(kSignalBase + number, "", false);
}

// The user wants the shell back; what follows the stop is told by SIGCONT.
void Session::stopped_by_terminal() {
    terminal_.restore();
    vm_.process.send(SIGSTOP);
    ::raise(SIGSTOP);
}

void Session::goes_on() {
    vm_.process.send(SIGCONT);
    if (phase_ != Phase::Running || !plan_.start.terminal) return;
    terminal_.enter();
    const WindowShape shape = window_shape();
    control_->send(WindowSize{shape.rows, shape.columns});
}

// Anything but the end of a run that is over anyway is a failure.
void Session::vm_gone() {
    if (phase_ == Phase::Draining || phase_ == Phase::Over) return;
    const int status = vm_.process.wait();
    const char* what = phase_ == Phase::Running ? "the VM ended before the command did"
                       : console_.empty()       ? "the VM did not start"
                                                : "the VM ended before the command was started";
    std::string why = log_->last_line();
    if (WIFSIGNALED(status)) why = "hospes-vmm was killed by signal " + std::to_string(WTERMSIG(status));
    if (const std::string panic = console_.line_with("Kernel panic"); !panic.empty()) why = panic;
    end(kNotStarted, what + (why.empty() ? std::string() : ": " + why), true);
}

// The first end counts.
void Session::end(int status, std::string line, bool with_console) {
    if (phase_ == Phase::Over) return;
    phase_ = Phase::Over;
    outcome_ = {status, std::move(line), with_console ? console_.last_lines(kConsoleLines) : ""};
    loop_->stop();
}

// Said while the terminal may be raw, where a line's end does not return to its beginning.
void Session::notice(const std::string& text) {
    const std::string line = "hospes: " + text + (terminal_.raw() ? "\r\n" : "\n");
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nowhere left to say it
}

}  // namespace hospes::run
