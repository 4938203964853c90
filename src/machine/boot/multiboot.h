// Parsing a Multiboot header (Multiboot Specification 0.6.96). A pure function of hostile bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "machine/boot/byte_view.h"
#include "machine/boot/elf_image.h"

namespace hospes::machine {

struct MultibootImage {
    std::uint32_t entry;
    std::vector<LoadSegment> segments;
};

// Where the header is, if there is one.
std::optional<std::uint64_t> find_multiboot_header(ByteView file);
// Errors: truncated, contradictory, features that this loader does not have.
Result<MultibootImage> parse_multiboot(ByteView file, std::uint64_t header_at);

}  // namespace hospes::machine
