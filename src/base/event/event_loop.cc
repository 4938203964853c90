#include "base/event/event_loop.h"

#include <immintrin.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace hospes {

namespace {

std::uint64_t key_of(int fd, std::uint32_t generation) {
    return static_cast<std::uint32_t>(fd) | static_cast<std::uint64_t>(generation) << 32;
}

void drain(int fd) {
    std::uint64_t count;
    if (::read(fd, &count, sizeof count) < 0) return;  // EAGAIN: someone was faster
}

}  // namespace

class EventLoop::LoopTimer final : public Timer {
  public:
    LoopTimer(EventLoop& loop, std::function<void()> fire) : loop_(loop), fire_(std::move(fire)) {
        loop_.timers_.push_back(this);
    }
    ~LoopTimer() override { std::erase(loop_.timers_, this); }

    void arm(Nanoseconds deadline) override {
        deadline_ = deadline;
        loop_.timer_changed(deadline);
    }
    // The timerfd is left as it is: one needless wake-up costs less than a system call each time.
    void disarm() override { deadline_.reset(); }

    const std::optional<Nanoseconds>& deadline() const { return deadline_; }
    void expire() {
        deadline_.reset();
        fire_();
    }

  private:
    EventLoop& loop_;
    std::function<void()> fire_;
    std::optional<Nanoseconds> deadline_;
};

Result<std::unique_ptr<EventLoop>> EventLoop::create(std::mutex& lock) {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll.valid() || !timer.valid() || !wake.valid()) {
        return Error("cannot create the event loop: " + errno_text(errno));
    }
    for (const int fd : {timer.get(), wake.get()}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = key_of(fd, 0);
        if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
            return Error("cannot create the event loop: " + errno_text(errno));
        }
    }
    return std::unique_ptr<EventLoop>(new EventLoop(lock, std::move(epoll), std::move(timer), std::move(wake)));
}

EventLoop::EventLoop(std::mutex& lock, UniqueFd epoll, UniqueFd timer, UniqueFd wake)
    : lock_(lock), epoll_(std::move(epoll)), timer_(std::move(timer)), wake_(std::move(wake)) {}

EventLoop::~EventLoop() = default;

Result<void> EventLoop::watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> callback) {
    const std::uint32_t generation = next_generation_++;
    epoll_event event{};
    event.events = events;
    event.data.u64 = key_of(fd, generation);
    const int operation = watches_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) return Error(errno_text(errno));
    watches_[fd] = Watch{std::move(callback), generation};
    return {};
}

void EventLoop::unwatch(int fd) {
    if (watches_.erase(fd) != 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

Nanoseconds EventLoop::now() const {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<Nanoseconds>(time.tv_sec) * kSecond + static_cast<Nanoseconds>(time.tv_nsec);
}

std::unique_ptr<Timer> EventLoop::create_timer(std::function<void()> fire) {
    return std::make_unique<LoopTimer>(*this, std::move(fire));
}

std::optional<Nanoseconds> EventLoop::next_deadline() const {
    std::optional<Nanoseconds> best;
    for (const LoopTimer* timer : timers_) {
        if (timer->deadline() && (!best || *timer->deadline() < *best)) best = timer->deadline();
    }
    return best;
}

void EventLoop::program(std::optional<Nanoseconds> deadline) {
    if (deadline == programmed_) return;
    programmed_ = deadline;
    itimerspec spec{};
    if (deadline) {
        alarm_ = wake_delay_.alarm_for(*deadline, now());
        const Nanoseconds when = alarm_.value_or(1);  // 0 would disarm
        spec.it_value.tv_sec = static_cast<time_t>(when / kSecond);
        spec.it_value.tv_nsec = static_cast<long>(when % kSecond);
    }
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void EventLoop::timer_changed(Nanoseconds deadline) {
    if (borrowed_ && borrowed_until_ && deadline >= *borrowed_until_) return;
    if (!programmed_ || deadline < *programmed_) program(deadline);
}

void EventLoop::run_due_timers() {
    const Nanoseconds time = now();
    for (;;) {
        LoopTimer* due = nullptr;
        for (LoopTimer* timer : timers_) {
            if (!timer->deadline() || *timer->deadline() > time) continue;
            if (due == nullptr || *timer->deadline() < *due->deadline()) due = timer;
        }
        if (due == nullptr) return;
        due->expire();
    }
}

std::optional<Nanoseconds> EventLoop::borrow_timers() {
    borrowed_ = true;
    borrowed_until_ = next_deadline();
    if (borrowed_until_) program(std::nullopt);
    return borrowed_until_;
}

void EventLoop::return_timers() {
    borrowed_ = false;
    if (const auto next = next_deadline(); next && (!programmed_ || *next < *programmed_)) program(next);
}

void EventLoop::dispatch(std::uint64_t key, std::uint32_t events) {
    const int fd = static_cast<int>(static_cast<std::uint32_t>(key));
    if (fd == wake_.get()) return drain(fd);
    if (fd == timer_.get()) {
        drain(fd);
        programmed_.reset();
        run_due_timers();
        const auto next = next_deadline();
        if (next && !(borrowed_ && borrowed_until_ && *next >= *borrowed_until_)) program(next);
        return;
    }
    const auto watch = watches_.find(fd);
    // The generation tells an event of a watch that was replaced since epoll_wait from one of this watch.
    if (watch == watches_.end() || watch->second.generation != key >> 32) return;
    const auto callback = watch->second.callback;  // copied: it may unwatch itself
    callback(events);
}

// After the timerfd's alarm: passes what is left until the deadline awake.
void EventLoop::wait_for_deadline() {
    std::unique_lock guard(lock_);
    const auto due = next_deadline();
    if (!due || !programmed_) return;
    if (const Nanoseconds time = now(); alarm_ && time > *alarm_) wake_delay_.learn(time - *alarm_);
    guard.unlock();
    if (*due > now() + WakeDelay::kMost) return;  // the one that it was for is disarmed
    while (now() < *due) _mm_pause();
}

void EventLoop::run() {
    std::array<epoll_event, 16> events;
    while (!stopping_.load(std::memory_order_acquire)) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            if (events[static_cast<unsigned>(i)].data.u64 == key_of(timer_.get(), 0)) wait_for_deadline();
        }
        const std::lock_guard guard(lock_);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<unsigned>(i)];
            dispatch(event.data.u64, event.events);
        }
    }
}

void EventLoop::stop() {
    stopping_.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    if (::write(wake_.get(), &one, sizeof one) < 0) return;  // full: it is awake already
}

}  // namespace hospes
