#include "engine/watchdog.h"

#include <ctime>

namespace hospes::oracle {

namespace {

constexpr auto kLook = std::chrono::milliseconds(500);
constexpr auto kCpuPatience = std::chrono::seconds(3);  // sanitizers make everything slow
constexpr auto kPatience = std::chrono::minutes(1);

}  // namespace

Watchdog::Watchdog(std::function<void()> bark) : bark_(std::move(bark)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

std::chrono::nanoseconds Watchdog::cpu_time() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void Watchdog::watch() {
    using Clock = std::chrono::steady_clock;
    std::unique_lock lock(mutex_);
    std::uint64_t seen = 0;
    auto cpu_since = cpu_time();
    auto since = Clock::now();
    while (!wake_.wait_for(lock, kLook, [this] { return over_; })) {
        const std::uint64_t now = progress_.load(std::memory_order_relaxed);
        if (!running_.load(std::memory_order_relaxed) || now != seen) {
            seen = now;
            cpu_since = cpu_time();
            since = Clock::now();
        } else if (cpu_time() - cpu_since >= kCpuPatience || Clock::now() - since >= kPatience) {
            bark_();
        }
    }
}

}  // namespace hospes::oracle
