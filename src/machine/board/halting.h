// Holds a machine's vCPUs between two instructions, for a debugger, and lets some or all of them go on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "bus/machine_lock.h"
#include "cpu/debugging.h"
#include "machine/board/ending.h"

namespace hospes::machine {

class Halting {
  public:
    // Why all stand still: the first of them that a debugger's request stopped; nobody, if they were asked to.
    struct Reason {
        unsigned vcpu = 0;
        std::optional<cpu::DebugStop> debug;
    };

    // `held`: from the first instruction on.
    Halting(unsigned vcpus, bool held);

    // Any thread, without the lock, and cheap: whether vCPU `index` is to come back from run().
    bool wanted(unsigned index) const { return held_[index].load(std::memory_order_acquire); }

    // All that follows is called with the lock held.

    // `wake` gets each vCPU out of run() or a wait. `all_stopped` is called once all stand still, on the thread of the
    // last one.
    void connect(std::function<void()> wake, std::function<void(const Reason&)> all_stopped);
    // Nobody waits any more: the vCPUs go on.
    void disconnect();
    void stop_all();
    // Those in `go` (by vCPU) run. All of them stand still.
    void resume(const std::vector<bool>& go);
    bool all_stopped() const { return standing_ == held_.size(); }

    // On a vCPU's thread. It came back from run() with `stop`.
    void report(unsigned index, const cpu::DebugStop& stop, bus::MachineLock& lock);
    // Stands still while it is held and the machine goes on.
    void stand(unsigned index, bus::MachineLock& lock, const Ending& ending);
    // The machine ends.
    void release() { changed_.notify_all(); }

  private:
    std::vector<std::atomic<bool>> held_;
    std::vector<unsigned> rounds_;  // how often each was let go
    std::size_t standing_ = 0;
    Reason reason_;
    std::condition_variable changed_;
    std::function<void()> wake_;
    std::function<void(const Reason&)> all_stopped_;
};

}  // namespace hospes::machine
