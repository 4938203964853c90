// The socket that a debugger connects to, and the connection: one at a time, through one machine after the other when
// the guest resets. But for open(), its methods and callbacks run with the machine's lock held, or while no machine
// runs.
#pragma once

#include <memory>
#include <string>

#include "base/event/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gdb/stub.h"
#include "machine/board/machine.h"
#include "vmm/gdb_target.h"

namespace hospes::vmm {

class GdbServer {
  public:
    // `where`: a TCP port of this host's loopback device, or unix:PATH. Errors: it is taken, or cannot be.
    static Result<std::unique_ptr<GdbServer>> open(const std::string& where);
    ~GdbServer();

    int descriptor() const { return listener_.get(); }
    // What to type in GDB.
    std::string advice() const { return "target remote " + address_; }

    // A machine that is about to run, and is served by `loop`. Errors: the loop cannot wait for the socket.
    Result<void> serve(EventLoop& loop, machine::Machine& machine);
    // It has ended; a debugger that is connected waits for the next one.
    void suspend();
    // No other one comes. `status`: of this process.
    void end(int status);

  private:
    GdbServer(UniqueFd listener, std::string address) : listener_(std::move(listener)), address_(std::move(address)) {}

    void accept();
    void begin();
    void read();
    void write(const std::string& bytes);
    void flush();
    void watch_connection();
    void drop();
    void all_stopped(const machine::Halting::Reason& reason);

    UniqueFd listener_;
    std::string address_;
    EventLoop* loop_ = nullptr;
    machine::Machine* machine_ = nullptr;
    GdbTarget target_;
    UniqueFd connection_;
    std::string pending_;              // what the connection does not take yet
    bool left_ = false;                // the debugger has, and the machine still looks out for what it asked for
    std::unique_ptr<gdb::Stub> stub_;  // from when the machine stands still for the connection
};

}  // namespace hospes::vmm
