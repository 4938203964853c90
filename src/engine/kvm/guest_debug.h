// What a debugger asks of a vCPU of KVM: by the processor's four breakpoints (SDM volume 3, 17.2) and its single step.
// The guest's own breakpoints wait while there are any; its own single steps do not.
#pragma once

#include <linux/kvm.h>

#include <array>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "cpu/debugging.h"

namespace hospes::kvm {

class GuestDebug {
  public:
    static constexpr unsigned kBreakpoints = 4;

    // Nothing is asked for.
    GuestDebug() = default;
    // Errors: more than fits, a watchpoint of reads alone.
    static Result<GuestDebug> of(const cpu::DebugRequest& request);

    bool steps() const { return steps_; }
    kvm_guest_debug for_kernel() const;
    // What stopped the vCPU, by what DR6 would say; nullopt: something of the guest's own.
    std::optional<cpu::DebugStop> stop_of(std::uint64_t dr6) const;

  private:
    struct Breakpoint {
        Gva address = 0;
        unsigned size = 1;
        cpu::DebugStop stop{};
    };

    bool add(Gva address, unsigned size, const cpu::DebugStop& stop);
    bool add_data(const cpu::DataBreakpoint& asked);

    std::array<Breakpoint, kBreakpoints> breakpoints_{};
    unsigned count_ = 0;
    bool steps_ = false;
};

}  // namespace hospes::kvm
