// What the guest is told of its physical memory, and where the boot loaders put things below 1 MiB.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

enum class MemoryType : std::uint32_t { Usable = 1, Reserved = 2 };  // as in INT 15h, AX=E820h

struct MemoryRange {
    Gpa base;
    std::uint64_t size;
    MemoryType type;
};

// The layout of the first megabyte. Everything a boot loader writes lies in [kLowBase, kLowUsableEnd).
namespace layout {
inline constexpr Gpa kGdt = 0x1000;
inline constexpr Gpa kBootInfo = 0x7000;      // zero page, hvm_start_info or Multiboot information; one page
inline constexpr Gpa kBootInfoMore = 0x8000;  // memory map, module list; one page
inline constexpr Gpa kPageTables = 0x9000;    // six pages
inline constexpr Gpa kCommandLine = 0x20000;
inline constexpr std::uint64_t kCommandLineSize = 0x10000;
inline constexpr Gpa kLowUsableEnd = 0x9fc00;  // the EBDA of a PC begins here
inline constexpr Gpa kFirmwareArea = 0xe0000;  // ACPI tables
inline constexpr Gpa kHighMemory = 0x100000;
}  // namespace layout

std::vector<MemoryRange> memory_map(const memory::GuestRam& ram);

}  // namespace hospes::machine
