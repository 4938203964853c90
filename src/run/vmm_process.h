// The hospes-vmm that runs this run's VM: a child that dies with this process.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::run {

class VmmProcess {
  public:
    // Starts the hospes-vmm that lies beside this program with `words`, in a process group of its own. Of this
    // process's descriptors it gets `kept`, under their own numbers, and no other. To be called on the main thread: the
    // child dies with the thread that started it.
    static Result<VmmProcess> start(const std::vector<std::string>& words, const std::vector<int>& kept);
    VmmProcess(VmmProcess&& other) noexcept;
    VmmProcess& operator=(VmmProcess&&) = delete;
    ~VmmProcess() { kill(); }

    // Its path. Error: it is not there.
    static Result<std::string> program();

    // The guest's serial port, and the VMM's own words. Both end when the process does.
    int console() const { return console_.get(); }
    int log() const { return log_.get(); }

    void send(int signal) const;
    // Ends and reaps it.
    void kill();
    // Has it end in order, and reaps it; kills it if that takes too long. Nobody reads its words any more. True: it did
    // all that it had to.
    bool end();
    // Reaps it, which has ended or will soon: its wait status.
    int wait();

  private:
    VmmProcess(pid_t process, UniqueFd console, UniqueFd log)
        : process_(process), console_(std::move(console)), log_(std::move(log)) {}

    pid_t process_;  // -1: reaped
    UniqueFd console_, log_;
};

}  // namespace hospes::run
