// What is chosen and loaded before the first instruction.
#pragma once

#include <string>

#include "base/result.h"
#include "cpu/vcpu_state.h"
#include "machine/board/machine.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::machine {

// The model of that name; for an empty name "host".
Result<x86::CpuidModel> choose_model(const std::string& name, const x86::CpuidPlatform& platform);

// Puts kernel, initrd and command line into memory; the state to start with.
Result<cpu::VcpuState> load_files(memory::GuestRam& ram, const MachineSetup& setup, const Provisions& provisions,
                                  Gpa rsdp);

}  // namespace hospes::machine
