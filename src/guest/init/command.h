// The command's process.
#pragma once

#include <sys/types.h>

#include <variant>

#include "api/session/messages.h"
#include "guest/init/account.h"
#include "guest/init/streams.h"

namespace hospes::guest {

// Starts the command of `start` as `account` on its ends of `streams`, in a session and a process group of its own: its
// number, or why it does not run.
std::variant<pid_t, api::session::Failed> start_command(const api::session::Start& start, const Account& account,
                                                        const Streams& streams);

}  // namespace hospes::guest
