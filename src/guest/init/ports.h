// The VM's named ports (src/api/session/messages.h), by their names.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "guest/init/uevents.h"

namespace hospes::guest {

// Opens a port for reading and writing, without blocking; waits for it to come up if it must.
Result<UniqueFd> open_port(const std::string& name, const Uevents& uevents);

// The command's streams, on the host's side.
struct StreamPorts {
    UniqueFd input, output, error;
};
Result<StreamPorts> open_stream_ports(const Uevents& uevents);

}  // namespace hospes::guest
