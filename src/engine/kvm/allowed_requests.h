// What the VM process's sandbox lets through for this engine.
#pragma once

#include <cstdint>
#include <vector>

namespace hospes::kvm {

// The requests of ioctl(2) that an engine makes, from its creation with an open Host to its end: a reset makes a new
// one in the sandbox.
std::vector<std::uint32_t> allowed_requests();

}  // namespace hospes::kvm
