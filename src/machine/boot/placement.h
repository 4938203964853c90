// Copying the parts of a boot into guest RAM, with errors that name what did not fit.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "machine/boot/byte_view.h"
#include "machine/boot/elf_image.h"
#include "memory/guest_ram.h"

namespace hospes::machine {

// Loads segments at or above 1 MiB; returns the end of the highest. The RAM is fresh: zeroes are there already.
Result<Gpa> place_segments(memory::GuestRam& ram, const std::vector<LoadSegment>& segments);

// Puts the initrd at the highest page below `limit` and the end of low RAM, but not below `lowest`. Gives its address.
Result<Gpa> place_initrd(memory::GuestRam& ram, ByteView initrd, Gpa lowest, Gpa limit);

// Writes the NUL-terminated command line to its place. `most` is the longest that the kernel takes.
Result<void> place_command_line(memory::GuestRam& ram, const std::string& command_line, std::uint64_t most);

// "not enough memory …: give the VM at least N MiB", for a need that ends at `end`.
Error needs_memory(const std::string& what, Gpa end);

}  // namespace hospes::machine
