#include "machine/boot/memory_map.h"

namespace hospes::machine {

std::vector<MemoryRange> memory_map(const memory::GuestRam& ram) {
    std::vector<MemoryRange> map{
        {0, layout::kLowUsableEnd, MemoryType::Usable},
        {layout::kLowUsableEnd, 0xa0000 - layout::kLowUsableEnd, MemoryType::Reserved},
        {layout::kFirmwareArea, layout::kHighMemory - layout::kFirmwareArea, MemoryType::Reserved},
    };
    if (ram.low_size() > layout::kHighMemory) {
        map.push_back({layout::kHighMemory, ram.low_size() - layout::kHighMemory, MemoryType::Usable});
    }
    if (ram.high_size() != 0) map.push_back({memory::kHighStart, ram.high_size(), MemoryType::Usable});
    return map;
}

}  // namespace hospes::machine
