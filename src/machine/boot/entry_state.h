// The processor's state at a kernel's first instruction.
#pragma once

#include "cpu/vcpu_state.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

// 64-bit mode at `rip`, the first 4 GiB identity-mapped, flat segments with the selectors of the Linux boot protocol
// (CS 0x10, others 0x18). Writes the page tables and the GDT to their places in memory_map.h.
cpu::VcpuState long_mode_entry(memory::GuestRam& ram, std::uint64_t rip);

// 32-bit protected mode at `eip` without paging, flat segments with the same selectors, a GDT to match. All other
// registers are as after a reset, so EBX, EBP and EDI 0, as Linux wants them.
cpu::VcpuState flat_32_bit_entry(memory::GuestRam& ram, std::uint32_t eip);

}  // namespace hospes::machine
