// What a vCPU counts of its own work.
#pragma once

#include <cstdint>

namespace hospes::translator {

struct VcpuCounters {
    std::uint64_t exits[6] = {};  // by CodeExit
    std::uint64_t system_hot = 0, system_cold = 0;
    std::uint64_t vector_saves = 0;
    std::uint64_t tlb_misses = 0;
    std::uint64_t writes_to_code = 0;  // slow path: stores to pages that hold translated code
    std::uint64_t bounces = 0;         // device memory and page-crossing accesses
    std::uint64_t shared_failures = 0;
    std::uint64_t faults = 0, interrupts = 0;
    std::uint64_t full_flushes = 0, flushes = 0, page_flushes = 0, space_changes = 0;
};

}  // namespace hospes::translator
