#include "engine/watchdog.h"

#include <chrono>

namespace hospes::oracle {

namespace {

constexpr auto kLook = std::chrono::milliseconds(500);
constexpr unsigned kPatience = 6;  // looks; sanitizers make everything slow

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

void Watchdog::watch() {
    std::unique_lock lock(mutex_);
    std::uint64_t seen = 0;
    unsigned looks = 0;
    while (!wake_.wait_for(lock, kLook, [this] { return over_; })) {
        const std::uint64_t now = progress_.load(std::memory_order_relaxed);
        const bool stuck = running_.load(std::memory_order_relaxed) && now == seen;
        looks = stuck ? looks + 1 : 0;
        seen = now;
        if (looks >= kPatience) bark_();
    }
}

}  // namespace hospes::oracle
