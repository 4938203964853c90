// Parsing a Linux bzImage (Linux, Documentation/arch/x86/boot.rst). A pure function of hostile bytes.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "machine/boot/byte_view.h"

namespace hospes::machine {

struct BzImage {
    ByteView setup_header;  // from 0x1f1 to its end, to be copied into the zero page
    ByteView kernel;        // the protected-mode part
    std::uint64_t pref_address;
    std::uint64_t init_size;  // memory from the load address on that the kernel needs to unpack itself
    std::uint32_t initrd_addr_max;
    std::uint32_t cmdline_size;
    bool entry64;  // there is an entry for 64-bit mode, too
};

// The setup header's first byte, in the file and in the zero page.
inline constexpr std::uint64_t kSetupHeader = 0x1f1;

bool looks_like_bzimage(ByteView file);
// Errors: truncated, or too old for the 32-bit boot protocol with a preferred address.
Result<BzImage> parse_bzimage(ByteView file);

}  // namespace hospes::machine
