#include "engine/kvm/kick_timer.h"

#include <unistd.h>

#include <csignal>

#include "engine/kvm/kick.h"

namespace hospes::kvm {

KickTimer::~KickTimer() { remove(); }

void KickTimer::remove() {
    if (thread_ != 0) ::timer_delete(timer_);
    thread_ = 0;
}

void KickTimer::arm(long microseconds) {
    constexpr long kAgain = 1'000'000;
    const pid_t thread = ::gettid();
    if (thread_ != thread) {
        remove();
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = kick_signal();
        event._sigev_un._tid = thread;
        if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
        thread_ = thread;
    }
    set(microseconds * 1000, kAgain);
}

void KickTimer::set(long first, long again) {
    if (thread_ == 0) return;
    itimerspec times{};
    times.it_value.tv_nsec = first;
    times.it_interval.tv_nsec = again;
    ::timer_settime(timer_, 0, &times, nullptr);
}

}  // namespace hospes::kvm
