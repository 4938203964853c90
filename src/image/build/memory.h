// How much memory a build may take.
#pragma once

#include <cstdint>

namespace hospes::image {

// Bytes that this process and its children can have without anybody being killed for it: what the host has left, and
// what each control group (cgroup v2) above this process has.
std::uint64_t memory_at_hand();

}  // namespace hospes::image
