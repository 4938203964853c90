// The option --port: named ports of the guest's console on sockets that this process was started with.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "machine/board/board.h"

namespace hospes::vmm {

// NAME=FD, each. Errors: what is no such text, a name or a socket that is there twice, an FD that is no connected
// stream socket.
Result<std::vector<machine::StreamPort>> parse_ports(const std::vector<std::string>& texts);

}  // namespace hospes::vmm
