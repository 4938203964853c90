// One command from the host's Start to its end, all the while in one thread that waits for everything at once.
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>

#include "api/session/messages.h"
#include "guest/init/control.h"
#include "guest/init/ports.h"
#include "guest/init/pump.h"
#include "guest/init/streams.h"

namespace hospes::guest {

class Session {
  public:
    // `ready` is how the making ready of the guest went; an Error of it is the answer to Start. SIGCHLD is blocked and
    // read from `signals`.
    Session(Control& control, StreamPorts ports, Result<void> ready, UniqueFd signals);

    // Until the host is gone, or sends what makes no sense.
    void run();

  private:
    enum { kInput, kOutput, kError, kPumps };

    bool handle_messages();
    bool handle(const api::session::Message& message);
    std::optional<api::session::Failed> start(const api::session::Start& start);
    void connect(bool terminal, Streams& streams);
    void deliver(const api::session::Signal& signal);
    void reap();
    void end_command(int status);
    void hang_up();
    void close_streams();
    void report_end();

    Control& control_;
    StreamPorts ports_;  // until a pump has them
    Result<void> ready_;
    UniqueFd signals_;
    std::array<std::optional<Pump>, kPumps> pumps_;
    UniqueFd terminal_;                       // ours, for its size
    UniqueFd keep_terminal_;                  // the command's: while it lives, the terminal is not at its end
    pid_t command_ = 0;                       // while it runs
    std::optional<api::session::Ended> end_;  // not yet told
    bool started_ = false;                    // a second Start makes no sense
};

}  // namespace hospes::guest
