#include "machine/boot/placement.h"

#include <algorithm>
#include <cstdio>

#include "machine/boot/memory_map.h"

namespace hospes::machine {

Error needs_memory(const std::string& what, Gpa end) {
    if (end > memory::kLowEnd) return Error(what + " does not fit below the 3 GiB line that devices begin at");
    return Error("not enough memory for " + what + "; give the VM at least " + std::to_string((end + 0xfffff) >> 20) +
                 " MiB (--memory)");
}

Result<Gpa> place_segments(memory::GuestRam& ram, const std::vector<LoadSegment>& segments) {
    Gpa highest = 0;
    for (const LoadSegment& segment : segments) {
        if (segment.address < layout::kHighMemory) {
            char text[20];
            std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(segment.address));
            return Error(std::string("the kernel wants to be loaded at ") + text +
                         ", below 1 MiB, where the boot loader's data is; link it at 1 MiB or above");
        }
        if (segment.memory_size > memory::kLowEnd || segment.address > memory::kLowEnd) {
            return needs_memory("the kernel", memory::kLowEnd + 1);
        }
        const Gpa end = segment.address + segment.memory_size;
        if (ram.host(segment.address, segment.memory_size) == nullptr) return needs_memory("the kernel", end);
        ram.write(segment.address, segment.content.data(), segment.content.size());
        highest = std::max(highest, end);
    }
    return highest;
}

Result<Gpa> place_initrd(memory::GuestRam& ram, ByteView initrd, Gpa lowest, Gpa limit) {
    const Gpa top = std::min(limit, ram.low_size());
    const Gpa bottom = (lowest + kPageMask) & ~kPageMask;
    if (bottom > top || initrd.size() > top - bottom) {
        return needs_memory("kernel and initrd", bottom + initrd.size() + kPageSize);
    }
    const Gpa at = (top - initrd.size()) & ~kPageMask;
    if (at < bottom) return needs_memory("kernel and initrd", bottom + initrd.size() + kPageSize);
    ram.write(at, initrd.data(), initrd.size());
    return at;
}

Result<void> place_command_line(memory::GuestRam& ram, const std::string& command_line, std::uint64_t most) {
    most = std::min(most, layout::kCommandLineSize - 1);
    if (command_line.size() > most) {
        return Error("the command line has " + std::to_string(command_line.size()) + " characters, this kernel takes " +
                     std::to_string(most) + "; shorten it (--cmdline)");
    }
    ram.write(layout::kCommandLine, command_line.c_str(), command_line.size() + 1);
    return {};
}

}  // namespace hospes::machine
