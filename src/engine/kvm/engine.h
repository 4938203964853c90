// The hardware CPU engine, as the machine creates it.
#pragma once

#include <memory>

#include "base/result.h"
#include "cpu/engine.h"
#include "engine/kvm/host.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::kvm {

// Errors: KVM gives no VM, takes no memory of this size. `ram` and `model` must outlive the engine; the model has only
// features that `host` has.
Result<std::unique_ptr<cpu::Engine>> create_engine(const Host& host, memory::GuestRam& ram,
                                                   const x86::CpuidModel& model);

}  // namespace hospes::kvm
