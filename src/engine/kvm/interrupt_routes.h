// Interrupt messages into the local APICs of KVM, and which of them it is to tell the end of.
#pragma once

#include <array>
#include <optional>

#include "base/result.h"
#include "cpu/engine.h"

namespace hospes::kvm {

class InterruptRoutes {
  public:
    static constexpr unsigned kPins = 24;  // of the IOAPIC

    // Puts the local APICs of the VM `vm` into KVM; IOAPIC and PIC stay ours. Before the first vCPU.
    Result<void> create(int vm);

    void deliver(const cpu::InterruptMessage& message) const;
    void set_level_route(unsigned pin, const std::optional<cpu::InterruptMessage>& message);

  private:
    int vm_ = -1;
    std::array<std::optional<cpu::InterruptMessage>, kPins> level_{};
};

}  // namespace hospes::kvm
