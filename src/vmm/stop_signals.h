// SIGTERM, SIGINT and SIGHUP end the VM in order, so that its output and its terminal are not left half done.
#pragma once

#include <csignal>
#include <functional>

#include "base/event/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::vmm {

class StopSignals {
  public:
    // Blocks them in this thread and those that it will start. What the parent has us ignore stays ignored.
    static Result<StopSignals> block();
    // Calls `arrived` with the number of each.
    Result<void> watch(EventLoop& loop, std::function<void(int)> arrived);
    // Back to what they did before: they end the process at once.
    void release();
    int descriptor() const { return fd_.get(); }

  private:
    StopSignals(const sigset_t& set, UniqueFd fd) : set_(set), fd_(std::move(fd)) {}

    sigset_t set_;
    UniqueFd fd_;
};

// Ends this process by signal `number`, as if it had never been caught.
[[noreturn]] void die_of(int number);

}  // namespace hospes::vmm
