// Notices that a case does not end.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace hospes::oracle {

class Watchdog {
  public:
    // `bark` is called, on the watchdog's thread, when there was no pet() between start() and stop() although this
    // process has had seconds of CPU time for it, or a minute has passed: the host may be busy with other things.
    explicit Watchdog(std::function<void()> bark);
    ~Watchdog();

    void start() { running_.store(true, std::memory_order_relaxed); }
    void stop() { running_.store(false, std::memory_order_relaxed); }
    // Cheap: called for every case.
    void pet() { progress_.fetch_add(1, std::memory_order_relaxed); }

  private:
    void watch();
    static std::chrono::nanoseconds cpu_time();

    std::function<void()> bark_;
    std::atomic<bool> running_{false};
    std::atomic<std::uint64_t> progress_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace hospes::oracle
