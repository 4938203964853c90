// The 32-bit and the 64-bit boot protocol (Linux, Documentation/arch/x86/boot.rst, zero-page.rst).
#include <array>
#include <cstring>

#include "machine/boot/bzimage.h"
#include "machine/boot/entry_state.h"
#include "machine/boot/loader.h"
#include "machine/boot/placement.h"

namespace hospes::machine {

namespace {

enum ZeroPage : std::uint64_t {
    kAcpiRsdpAddr = 0x070,
    kE820Entries = 0x1e8,
    kTypeOfLoader = 0x210,
    kLoadFlags = 0x211,
    kCode32Start = 0x214,
    kRamdiskImage = 0x218,
    kRamdiskSize = 0x21c,
    kHeapEndPtr = 0x224,
    kCmdLinePtr = 0x228,
    kE820Table = 0x2d0,
};
constexpr std::uint8_t kUndefinedLoader = 0xff, kLoadedHigh = 1;
constexpr std::uint64_t kEntry64 = 0x200;  // from the start of the protected-mode kernel

class Page {
  public:
    template <typename T>
    void set(std::uint64_t offset, T value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
    }
    void copy(std::uint64_t offset, ByteView from) { std::memcpy(bytes_.data() + offset, from.data(), from.size()); }
    const std::array<std::byte, kPageSize>& bytes() const { return bytes_; }

  private:
    std::array<std::byte, kPageSize> bytes_{};
};

void add_e820(Page& page, const memory::GuestRam& ram) {
    std::uint64_t at = kE820Table;
    std::uint8_t count = 0;
    for (const MemoryRange& range : memory_map(ram)) {
        page.set(at, range.base);
        page.set(at + 8, range.size);
        page.set(at + 16, range.type);
        at += 20;
        ++count;
    }
    page.set(kE820Entries, count);
}

cpu::VcpuState entry(memory::GuestRam& ram, const BzImage& image, Gpa load) {
    if (image.entry64) return long_mode_entry(ram, load + kEntry64);
    return flat_32_bit_entry(ram, static_cast<std::uint32_t>(load));
}

}  // namespace

Result<cpu::VcpuState> load_linux(memory::GuestRam& ram, const BootRequest& request) {
    const BzImage image = HOSPES_TRY(parse_bzimage(request.kernel));
    const Gpa load = image.pref_address;
    const std::uint64_t room = std::max<std::uint64_t>(image.init_size, image.kernel.size());
    if (load < layout::kHighMemory || load > memory::kLowEnd) {
        return Error("the kernel's preferred address is out of reach: the file is damaged; get it anew");
    }
    if (ram.host(load, room) == nullptr) return needs_memory("the kernel", load + room);
    ram.write(load, image.kernel.data(), image.kernel.size());
    HOSPES_TRY(place_command_line(ram, request.command_line, image.cmdline_size));

    Page page;
    page.copy(kSetupHeader, image.setup_header);
    page.set(kTypeOfLoader, kUndefinedLoader);
    page.set(kLoadFlags, kLoadedHigh);
    page.set(kCode32Start, static_cast<std::uint32_t>(load));
    page.set(kHeapEndPtr, std::uint16_t{0});
    page.set(kCmdLinePtr, static_cast<std::uint32_t>(layout::kCommandLine));
    page.set(kAcpiRsdpAddr, request.rsdp);
    if (request.initrd.size() != 0) {
        const Gpa limit = std::uint64_t{image.initrd_addr_max} + 1;
        const Gpa at = HOSPES_TRY(place_initrd(ram, request.initrd, load + room, limit));
        page.set(kRamdiskImage, static_cast<std::uint32_t>(at));
        page.set(kRamdiskSize, static_cast<std::uint32_t>(request.initrd.size()));
    }
    add_e820(page, ram);
    ram.write(layout::kBootInfo, page.bytes().data(), kPageSize);

    cpu::VcpuState state = entry(ram, image, load);
    state.gpr[x86::RSI] = layout::kBootInfo;
    return state;
}

}  // namespace hospes::machine
