// The I/O thread's loop: file descriptors and timers, on epoll and one timerfd.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/event/wake_delay.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace hospes {

// Every callback runs with `lock` held. All methods but run() and stop() are called with it held (or before run()
// starts); so after unwatch() or a timer's destruction its callback will not run again.
class EventLoop final : public TimeSource {
  public:
    static Result<std::unique_ptr<EventLoop>> create(std::mutex& lock);
    ~EventLoop() override;

    // Calls back with the ready events (EPOLLIN, …), level-triggered. One watch a descriptor; watching again replaces.
    // Fails with EPERM's text for descriptors that cannot be waited for (regular files): they are always ready.
    Result<void> watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> callback);
    void unwatch(int fd);

    // CLOCK_MONOTONIC.
    Nanoseconds now() const override;
    std::unique_ptr<Timer> create_timer(std::function<void()> fire) override;

    // Serves events until stop(). Called without the lock, on the thread that is to be the loop's.
    void run();
    // Ends run(), now or when it is called. Thread-safe and async-signal-safe.
    void stop();

    // Lets another thread (a halted vCPU; one at a time) serve the timers for a while, which saves a thread switch an
    // interrupt: between borrow_timers() and return_timers() that thread sleeps until the returned deadline at most and
    // then calls run_due_timers(). Timers armed by others meanwhile with an earlier deadline are served by the loop as
    // always.
    bool timers_borrowed() const { return borrowed_; }
    std::optional<Nanoseconds> borrow_timers();
    void run_due_timers();
    void return_timers();

  private:
    class LoopTimer;
    struct Watch {
        std::function<void(std::uint32_t)> callback;
        std::uint32_t generation;
    };

    EventLoop(std::mutex& lock, UniqueFd epoll, UniqueFd timer, UniqueFd wake);
    void timer_changed(Nanoseconds deadline);
    void program(std::optional<Nanoseconds> deadline);
    std::optional<Nanoseconds> next_deadline() const;
    void wait_for_deadline();
    void dispatch(std::uint64_t key, std::uint32_t events);

    std::mutex& lock_;
    UniqueFd epoll_, timer_, wake_;
    std::atomic<bool> stopping_{false};
    std::unordered_map<int, Watch> watches_;
    std::uint32_t next_generation_ = 1;
    std::vector<LoopTimer*> timers_;
    std::optional<Nanoseconds> programmed_;  // what the timerfd is for; it comes earlier by the expected delay
    std::optional<Nanoseconds> alarm_;       // when it is to come; nothing: at once
    WakeDelay wake_delay_;
    std::optional<Nanoseconds> borrowed_until_;
    bool borrowed_ = false;
};

}  // namespace hospes
