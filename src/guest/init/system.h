// What of a running system the command expects beside its files: a name, an address of its own, the time zone.
#pragma once

#include "api/session/messages.h"
#include "base/result.h"

namespace hospes::guest {

// The loopback interface goes up.
Result<void> bring_up_loopback();

// Host name and time zone of the session; /etc/hosts and /etc/resolv.conf if the image has none.
Result<void> apply_settings(const api::session::Start& start);

}  // namespace hospes::guest
