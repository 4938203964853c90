// Parsing an ELF executable for its segments and a PVH entry (ELF specification 1.2; Xen, docs/misc/pvh.pandoc).
// Pure functions of hostile bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "machine/boot/byte_view.h"

namespace hospes::machine {

struct LoadSegment {
    std::uint64_t address;  // physical
    ByteView content;
    std::uint64_t memory_size;  // zeroes follow the content
};

struct ElfImage {
    bool is_64_bit;
    std::uint64_t entry;
    std::optional<std::uint32_t> pvh_entry;
    std::vector<LoadSegment> segments;
};

bool looks_like_elf(ByteView file);
// Errors: truncated, not for x86, not an executable, contradictory.
Result<ElfImage> parse_elf(ByteView file);

}  // namespace hospes::machine
