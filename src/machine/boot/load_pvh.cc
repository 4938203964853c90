// The PVH entry (Xen, docs/misc/pvh.pandoc; struct hvm_start_info of xen/include/public/arch-x86/hvm/start_info.h).
#include <vector>

#include "machine/boot/elf_image.h"
#include "machine/boot/entry_state.h"
#include "machine/boot/loader.h"
#include "machine/boot/placement.h"

namespace hospes::machine {

namespace {

struct StartInfo {
    std::uint32_t magic = 0x336ec578;
    std::uint32_t version = 1;
    std::uint32_t flags = 0;
    std::uint32_t nr_modules = 0;
    std::uint64_t modlist_paddr = 0;
    std::uint64_t cmdline_paddr = layout::kCommandLine;
    std::uint64_t rsdp_paddr = 0;
    std::uint64_t memmap_paddr = 0;
    std::uint32_t memmap_entries = 0;
    std::uint32_t reserved = 0;
};
static_assert(sizeof(StartInfo) == 56);

struct ModuleEntry {
    std::uint64_t paddr, size, cmdline_paddr, reserved;
};

struct MapEntry {
    std::uint64_t addr, size;
    std::uint32_t type, reserved;
};

}  // namespace

Result<cpu::VcpuState> load_pvh(memory::GuestRam& ram, const BootRequest& request, const ElfImage& image) {
    const Gpa end = HOSPES_TRY(place_segments(ram, image.segments));
    HOSPES_TRY(place_command_line(ram, request.command_line, layout::kCommandLineSize - 1));
    StartInfo info;
    info.rsdp_paddr = request.rsdp;
    Gpa more = layout::kBootInfoMore;
    if (request.initrd.size() != 0) {
        const Gpa at = HOSPES_TRY(place_initrd(ram, request.initrd, end, memory::kLowEnd));
        const ModuleEntry module{at, request.initrd.size(), 0, 0};
        ram.write(more, &module, sizeof module);
        info.nr_modules = 1;
        info.modlist_paddr = more;
        more += sizeof module;
    }
    info.memmap_paddr = more;
    for (const MemoryRange& range : memory_map(ram)) {
        const MapEntry entry{range.base, range.size, static_cast<std::uint32_t>(range.type), 0};
        ram.write(more, &entry, sizeof entry);
        more += sizeof entry;
        ++info.memmap_entries;
    }
    ram.write(layout::kBootInfo, &info, sizeof info);
    cpu::VcpuState state = flat_32_bit_entry(ram, *image.pvh_entry);
    state.gpr[x86::RBX] = layout::kBootInfo;
    return state;
}

}  // namespace hospes::machine
