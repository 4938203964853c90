// The registers of a local APIC, in no engine's and no device's terms: what is saved, restored and moved.
#pragma once

#include <array>
#include <cstdint>

namespace hospes::x86 {

struct LocalApicRegisters {
    std::uint64_t base = 0;      // IA32_APIC_BASE
    std::uint64_t deadline = 0;  // IA32_TSC_DEADLINE
    std::uint64_t pv_eoi = 0;    // MSR_KVM_PV_EOI_EN
    // By offset / 16 in the page of an xAPIC (SDM volume 3, table 11-1). So in x2APIC mode, too: the ID is in bits
    // 24..31, the halves of ICR have a register each.
    std::array<std::uint32_t, 64> words{};
};

}  // namespace hospes::x86
