// The memory of one vCPU: the GuestState, and below it the host stack that translated code's calls and signals use.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/translator/guest_state.h"

namespace hospes::translator {

class VcpuMemory {
  public:
    static Result<VcpuMemory> create();
    VcpuMemory(VcpuMemory&& other) noexcept;
    VcpuMemory& operator=(VcpuMemory&&) = delete;
    ~VcpuMemory();

    GuestState& state() const { return *state_; }

  private:
    VcpuMemory(void* mapping, GuestState* state) : mapping_(mapping), state_(state) {}

    void* mapping_;
    GuestState* state_;
};

}  // namespace hospes::translator
