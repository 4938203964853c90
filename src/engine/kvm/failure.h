// What KVM said when it could not go on, in words.
#pragma once

#include <linux/kvm.h>

#include <string>

#include "cpu/vcpu_state.h"
#include "memory/guest_ram.h"

namespace hospes::kvm {

// The exit's name and what it carries.
std::string describe_exit(const kvm_run& run);
// "rip ... (cs ..., ...)"
std::string describe_registers(const cpu::VcpuState& state);
// The code at guest physical address `gpa`, as far as it is RAM: "bytes at rip 0f 0b ..."
std::string describe_code(const memory::GuestRam& ram, Gpa gpa);

}  // namespace hospes::kvm
