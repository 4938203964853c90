#include "engine/kvm/kick_timer.h"

#include <unistd.h>

#include <csignal>

#include "engine/kvm/kick.h"

namespace hospes::kvm {

KickTimer::~KickTimer() {
    if (made_) ::timer_delete(timer_);
}

void KickTimer::arm(long microseconds) {
    if (!made_) {
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = kick_signal();
        event._sigev_un._tid = ::gettid();
        made_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
        if (!made_) return;
    }
    itimerspec once{};
    once.it_value.tv_nsec = microseconds * 1000;
    ::timer_settime(timer_, 0, &once, nullptr);
}

}  // namespace hospes::kvm
