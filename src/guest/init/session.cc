#include "guest/init/session.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "guest/init/account.h"
#include "guest/init/command.h"
#include "guest/init/files.h"
#include "guest/init/ports.h"
#include "guest/init/say.h"
#include "guest/init/system.h"

namespace hospes::guest {

namespace {

namespace session = api::session;

constexpr std::size_t kMaxAccounts = 4 << 20;  // bytes of /etc/passwd or /etc/group
constexpr char kEndOfTyping[] = "\4";          // Ctrl-D

// An image without the file has no names, which is no mistake.
std::string read_if_there(const char* path) {
    auto content = read_file(path, kMaxAccounts);
    return content.ok() ? content.take() : std::string();
}

session::Failed setup_failed(const Error& error) { return {session::FailureKind::Setup, error.message()}; }

}  // namespace

Session::Session(Control& control, StreamPorts ports, Result<void> ready, UniqueFd signals)
    : control_(control), ports_(std::move(ports)), ready_(std::move(ready)), signals_(std::move(signals)) {}

void Session::run() {
    constexpr unsigned kOwn = 2;
    std::array<pollfd, kOwn + 2 * kPumps> entries;
    const auto of_pump = [&](unsigned i) { return std::span<pollfd, 2>(&entries[kOwn + 2 * i], 2); };
    for (;;) {
        entries.fill({.fd = -1, .events = POLLIN, .revents = 0});
        pollfd& host = entries[0];
        pollfd& children = entries[1];
        host.fd = control_.descriptor();
        children.fd = signals_.get();
        for (unsigned i = 0; i < kPumps; ++i) {
            if (pumps_[i]) pumps_[i]->wait_for(of_pump(i));
        }
        if (::poll(entries.data(), entries.size(), -1) < 0) continue;
        for (unsigned i = 0; i < kPumps; ++i) {
            if (pumps_[i]) pumps_[i]->run(of_pump(i));
            if (pumps_[i] && pumps_[i]->finished()) pumps_[i].reset();
        }
        if (!pumps_[kOutput]) hang_up();
        if (children.revents != 0) reap();
        if (host.revents != 0 && (!control_.receive() || !handle_messages())) return;
        report_end();
    }
}

// False if the host sends what makes no sense.
bool Session::handle_messages() {
    for (;;) {
        auto message = control_.next();
        if (!message.ok()) {
            say(message.error().message());
            return false;
        }
        if (!message->has_value()) return true;
        if (!handle(**message)) {
            say("the host sent a message that makes no sense here");
            return false;
        }
    }
}

bool Session::handle(const session::Message& message) {
    if (const auto* start_message = std::get_if<session::Start>(&message)) {
        if (std::exchange(started_, true)) return false;
        auto failed = start(*start_message);
        if (failed) {
            say("the command does not run: " + failed->reason);
            close_streams();
            control_.send(*std::move(failed));
        } else {
            control_.send(session::Started{});
        }
        return true;
    }
    if (const auto* signal = std::get_if<session::Signal>(&message)) {
        deliver(*signal);
        return true;
    }
    const auto* size = std::get_if<session::WindowSize>(&message);
    if (size && terminal_.valid()) resize(terminal_.get(), {size->rows, size->columns});
    return size != nullptr;
}

std::optional<session::Failed> Session::start(const session::Start& start) {
    if (!ready_.ok()) return setup_failed(ready_.error());
    if (const auto applied = apply_settings(start); !applied.ok()) return setup_failed(applied.error());
    auto account = find_account(start.user, read_if_there("/etc/passwd"), read_if_there("/etc/group"));
    if (!account.ok()) return session::Failed{session::FailureKind::BadUser, account.error().message()};
    auto streams = start.terminal != 0 ? make_terminal(*account, {start.rows, start.columns}) : make_pipes(*account);
    if (!streams.ok()) return setup_failed(streams.error());
    connect(start.terminal != 0, *streams);
    const auto outcome = start_command(start, *account, *streams);
    if (const auto* failed = std::get_if<session::Failed>(&outcome)) return *failed;
    command_ = std::get<pid_t>(outcome);
    if (start.terminal != 0) keep_terminal_ = std::move(streams->error);
    return std::nullopt;
}

// Takes our ends of the streams and puts the ports on the other side of each.
void Session::connect(bool terminal, Streams& streams) {
    if (terminal) {
        terminal_ = UniqueFd(::fcntl(streams.to_input.get(), F_DUPFD_CLOEXEC, 0));
        ports_.error = UniqueFd();
    } else {
        pumps_[kError].emplace(std::move(streams.from_error), std::move(ports_.error), Pump::Rest::Refuse);
    }
    pumps_[kInput].emplace(std::move(ports_.input), std::move(streams.to_input), Pump::Rest::Drop,
                           terminal ? kEndOfTyping : "");
    pumps_[kOutput].emplace(std::move(streams.from_output), std::move(ports_.output), Pump::Rest::Refuse);
}

void Session::deliver(const session::Signal& signal) {
    if (command_ == 0) return;
    const bool for_all = signal.number == SIGINT || signal.number == SIGQUIT || signal.number == SIGHUP;
    ::kill(for_all ? -command_ : command_, signal.number);
}

// The command, and every orphan: they are ours.
void Session::reap() {
    signalfd_siginfo ignored;
    while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
    }
    int status = 0;
    pid_t process = 0;
    while ((process = ::waitpid(-1, &status, WNOHANG)) > 0) {
        if (process == command_) end_command(status);
    }
}

// What the command left running ends with it, and with that come the ends of its output.
void Session::end_command(int status) {
    command_ = 0;
    ::kill(-1, SIGKILL);
    keep_terminal_ = UniqueFd();
    pumps_[kInput].reset();
    end_ = WIFSIGNALED(status) ? session::Ended{0, static_cast<std::uint8_t>(WTERMSIG(status))}
                               : session::Ended{static_cast<std::uint8_t>(WEXITSTATUS(status)), 0};
}

// Nobody sees the terminal any more: once we have let go of it, the kernel sends SIGHUP to those who use it.
void Session::hang_up() {
    if (!terminal_.valid()) return;
    pumps_[kInput].reset();
    terminal_ = UniqueFd();
}

void Session::close_streams() {
    for (auto& pump : pumps_) pump.reset();
    ports_ = StreamPorts();
}

void Session::report_end() {
    if (!end_ || pumps_[kOutput] || pumps_[kError]) return;
    control_.send(*std::exchange(end_, std::nullopt));
}

}  // namespace hospes::guest
