// Puts a kernel, its initrd and its command line into guest RAM, as the kernel's boot protocol wants them.
#pragma once

#include <string>

#include "base/result.h"
#include "cpu/vcpu_state.h"
#include "machine/boot/byte_view.h"
#include "machine/boot/memory_map.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

struct BootRequest {
    ByteView kernel;
    ByteView initrd;  // empty: none
    std::string command_line;
    Gpa rsdp;  // of the ACPI tables
};

// Tells the format by its marks, in this order: Linux bzImage, ELF with a PVH note, Multiboot 1. Returns the state of
// the bootstrap processor. Errors: no known format, damaged file, not enough memory.
Result<cpu::VcpuState> load_kernel(memory::GuestRam& ram, const BootRequest& request);

// The three loaders behind it.
Result<cpu::VcpuState> load_linux(memory::GuestRam& ram, const BootRequest& request);
struct ElfImage;
Result<cpu::VcpuState> load_pvh(memory::GuestRam& ram, const BootRequest& request, const ElfImage& image);
struct MultibootImage;
Result<cpu::VcpuState> load_multiboot(memory::GuestRam& ram, const BootRequest& request, const MultibootImage& image);

}  // namespace hospes::machine
