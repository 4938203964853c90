// How an application processor begins: INIT and SIPI (SDM volume 3, 9.1.1 and 9.4).
#pragma once

#include <cstdint>

#include "cpu/vcpu_state.h"

namespace hospes::machine {

// At power-on, before anybody started it.
cpu::VcpuState waiting_for_start_up(std::uint32_t signature);

// After INIT: what it leaves alone is as in `before`. `signature`: CPUID leaf 1 EAX, which EDX then holds.
cpu::VcpuState after_init(const cpu::VcpuState& before, std::uint32_t signature);

// After the SIPI that ends the wait for it: real mode at `vector` * 4 KiB.
cpu::VcpuState after_start_up(const cpu::VcpuState& initialised, std::uint8_t vector);

}  // namespace hospes::machine
