// Multiboot 1: machine state (3.2) and boot information (3.3).
#include <algorithm>

#include "machine/boot/entry_state.h"
#include "machine/boot/loader.h"
#include "machine/boot/multiboot.h"
#include "machine/boot/placement.h"

namespace hospes::machine {

namespace {

constexpr std::uint32_t kBootMagic = 0x2badb002;
constexpr std::uint32_t kHasMemory = 1u << 0, kHasCommandLine = 1u << 2, kHasModules = 1u << 3, kHasMap = 1u << 6,
                        kHasLoaderName = 1u << 9;

struct Information {
    std::uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
    std::uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, boot_loader_name;
};

struct Module {
    std::uint32_t start, end, string, reserved;
};

struct [[gnu::packed]] MapEntry {
    std::uint32_t size;  // of what follows
    std::uint64_t base, length;
    std::uint32_t type;
};

}  // namespace

Result<cpu::VcpuState> load_multiboot(memory::GuestRam& ram, const BootRequest& request, const MultibootImage& image) {
    const Gpa end = HOSPES_TRY(place_segments(ram, image.segments));
    HOSPES_TRY(place_command_line(ram, request.command_line, layout::kCommandLineSize - 1));
    Information info{};
    info.flags = kHasMemory | kHasCommandLine | kHasModules | kHasMap | kHasLoaderName;
    info.mem_lower = static_cast<std::uint32_t>(layout::kLowUsableEnd >> 10);
    info.mem_upper = static_cast<std::uint32_t>((ram.low_size() - std::min(ram.low_size(), layout::kHighMemory)) >> 10);
    info.cmdline = static_cast<std::uint32_t>(layout::kCommandLine);
    Gpa more = layout::kBootInfoMore;
    static constexpr char kName[] = "hospes";
    ram.write(more, kName, sizeof kName);
    info.boot_loader_name = static_cast<std::uint32_t>(more);
    more += (sizeof kName + 7) & ~7ull;
    if (request.initrd.size() != 0) {
        const Gpa at = HOSPES_TRY(place_initrd(ram, request.initrd, end, memory::kLowEnd));
        const Module module{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + request.initrd.size()), 0,
                            0};
        ram.write(more, &module, sizeof module);
        info.mods_count = 1;
        info.mods_addr = static_cast<std::uint32_t>(more);
        more += sizeof module;
    }
    info.mmap_addr = static_cast<std::uint32_t>(more);
    for (const MemoryRange& range : memory_map(ram)) {
        const MapEntry entry{sizeof(MapEntry) - 4, range.base, range.size, static_cast<std::uint32_t>(range.type)};
        ram.write(more, &entry, sizeof entry);
        more += sizeof entry;
        info.mmap_length += sizeof entry;
    }
    ram.write(layout::kBootInfo, &info, sizeof info);
    cpu::VcpuState state = flat_32_bit_entry(ram, image.entry);
    state.gpr[x86::RAX] = kBootMagic;
    state.gpr[x86::RBX] = layout::kBootInfo;
    return state;
}

}  // namespace hospes::machine
