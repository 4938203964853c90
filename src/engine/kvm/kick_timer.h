// Kicks the thread that armed it, a little later.
#pragma once

#include <time.h>

namespace hospes::kvm {

class KickTimer {
  public:
    KickTimer() = default;
    ~KickTimer();
    KickTimer(const KickTimer&) = delete;
    KickTimer& operator=(const KickTimer&) = delete;

    // One kick of the calling thread after `microseconds`. Without timers on this host: none.
    void arm(long microseconds);

  private:
    timer_t timer_{};
    bool made_ = false;
};

}  // namespace hospes::kvm
