// One run from the VM's start to the command's end: who waits for what, and what each event means.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/event/event_loop.h"
#include "run/console_log.h"
#include "run/control.h"
#include "run/outcome.h"
#include "run/plan.h"
#include "run/signals.h"
#include "run/stream.h"
#include "run/terminal.h"
#include "run/verification.h"
#include "run/vm.h"
#include "run/vmm_log.h"

namespace hospes::run {

class Session {
  public:
    // `plan` must outlive it.
    Session(const Plan& plan, Vm vm, Signals signals) : plan_(plan), vm_(std::move(vm)), signals_(std::move(signals)) {}

    Result<Outcome> run();

  private:
    enum class Phase {
        Booting,   // until the init has said hello and the image was found to be right
        Starting,  // the init has the command
        Running,
        Draining,  // the command has ended, its output is being written
        Over,
    };

    Result<void> connect();
    void arm(std::unique_ptr<Timer>& timer, Nanoseconds from_now, std::function<void()> fire);
    void watch_text(int fd, std::function<void(std::span<const char>)> take);
    void text_ended(int fd);

    void message(const api::session::Message& received);
    void verified();
    void start_command();
    void command_runs();
    void command_failed(const api::session::Failed& failed);
    std::string what_failed(api::session::FailureKind kind) const;
    void command_ended(const api::session::Ended& ended);
    Result<void> connect_streams();
    Result<void> connect_output(std::optional<Stream>& stream, UniqueFd socket, int to);
    void drained();
    void signal(int number);
    void stopped_by_terminal();
    void goes_on();
    void vm_gone();

    void end(int status, std::string line, bool with_console);
    void notice(const std::string& text);

    const Plan& plan_;
    Vm vm_;
    Signals signals_;
    std::mutex lock_;
    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<Control> control_;
    std::unique_ptr<Verification> verification_;
    std::unique_ptr<Timer> limit_, start_limit_;
    std::optional<Stream> input_, output_, errors_;
    unsigned open_texts_ = 0;    // of the VMM's console and log
    unsigned open_outputs_ = 0;  // of the command's
    Terminal terminal_;
    ConsoleLog console_;
    std::optional<VmmLog> log_;
    Phase phase_ = Phase::Booting;
    bool hello_ = false;
    bool right_ = false;
    Outcome outcome_;
};

}  // namespace hospes::run
