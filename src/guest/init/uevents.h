// What the kernel says about its devices as they come: to wait for one without asking again and again.
#pragma once

#include <functional>

#include "base/unique_fd.h"

namespace hospes::guest {

class Uevents {
  public:
    // Listens from here on.
    Uevents();

    // Waits until `there()`, which is asked now and after each event; false after `milliseconds`.
    bool wait_for(const std::function<bool()>& there, int milliseconds) const;

  private:
    UniqueFd socket_;  // not valid if the kernel gave none: then it is asked now and then
};

}  // namespace hospes::guest
