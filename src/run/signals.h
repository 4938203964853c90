// The signals that a run has an answer to, read one by one on the event loop.
#pragma once

#include <functional>

#include "base/event/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace hospes::run {

class Signals {
  public:
    // Blocks them, in this thread and all that it starts. What the parent has us ignore stays ignored.
    static Result<Signals> block();
    // Calls `arrived` with the number of each.
    Result<void> watch(EventLoop& loop, std::function<void(int)> arrived);

  private:
    explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace hospes::run
