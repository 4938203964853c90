// What a vCPU counts of its own work.
#pragma once

#include "cpu/counters.h"

namespace hospes::translator {

struct VcpuCounters {
    std::uint64_t exits[6] = {};  // by CodeExit
    std::uint64_t system_hot = 0, system_cold = 0;
    std::uint64_t vector_saves = 0;
    std::uint64_t tlb_misses = 0;
    std::uint64_t writes_to_code = 0;      // slow path: stores to pages that hold translated code
    std::uint64_t remote_code_drops = 0;   // stores for which other vCPUs were stopped: they had code there
    std::uint64_t remote_write_drops = 0;  // translations for which other vCPUs were stopped: they could write there
    std::uint64_t locked_alone = 0;        // locked accesses made with all other vCPUs stopped
    std::uint64_t bounces = 0;             // device memory and page-crossing accesses
    std::uint64_t shared_failures = 0;
    std::uint64_t faults = 0, interrupts = 0;
    std::uint64_t full_flushes = 0, flushes = 0, page_flushes = 0, space_changes = 0;

    static const cpu::NamedCounter<VcpuCounters> kNamed[16];  // all but the exits
};

inline constexpr cpu::NamedCounter<VcpuCounters> VcpuCounters::kNamed[] = {
    {"system_hot", &VcpuCounters::system_hot},
    {"system_cold", &VcpuCounters::system_cold},
    {"vector_saves", &VcpuCounters::vector_saves},
    {"tlb_misses", &VcpuCounters::tlb_misses},
    {"writes_to_code", &VcpuCounters::writes_to_code},
    {"remote_code_drops", &VcpuCounters::remote_code_drops},
    {"remote_write_drops", &VcpuCounters::remote_write_drops},
    {"locked_alone", &VcpuCounters::locked_alone},
    {"bounces", &VcpuCounters::bounces},
    {"shared_failures", &VcpuCounters::shared_failures},
    {"faults", &VcpuCounters::faults},
    {"interrupts", &VcpuCounters::interrupts},
    {"full_flushes", &VcpuCounters::full_flushes},
    {"flushes", &VcpuCounters::flushes},
    {"page_flushes", &VcpuCounters::page_flushes},
    {"space_changes", &VcpuCounters::space_changes},
};

}  // namespace hospes::translator
