// Kicks the thread that armed it, a little later.
#pragma once

#include <sys/types.h>
#include <time.h>

namespace hospes::kvm {

class KickTimer {
  public:
    KickTimer() = default;
    ~KickTimer();
    KickTimer(const KickTimer&) = delete;
    KickTimer& operator=(const KickTimer&) = delete;

    // Kicks the calling thread after `microseconds`, and again each millisecond until it is disarmed: a kick that comes
    // before KVM_RUN has begun is lost. Without timers on this host: none.
    void arm(long microseconds);
    void disarm() { set(0, 0); }

  private:
    void remove();
    void set(long first, long again);  // nanoseconds

    timer_t timer_{};
    pid_t thread_ = 0;  // that it kicks; 0: there is no timer
};

}  // namespace hospes::kvm
