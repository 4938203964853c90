// Who must hear that a device wrote guest memory: the engine (code there is stale), later dirty tracking.
#pragma once

#include <cstdint>

#include "base/address.h"

namespace hospes::memory {

class DmaObserver {
  public:
    virtual ~DmaObserver() = default;
    // [gpa, gpa + length) is RAM and was just written by a device; called before the guest is told of it.
    virtual void memory_written(Gpa gpa, std::uint64_t length) = 0;
};

}  // namespace hospes::memory
