#include "machine/boot/multiboot.h"

#include <algorithm>

namespace hospes::machine {

namespace {

constexpr std::uint32_t kMagic = 0x1badb002;
constexpr std::uint64_t kSearchLimit = 8192;
constexpr std::uint32_t kAddressesValid = 1u << 16;
constexpr std::uint32_t kRequiredUnknown = 0xfff8;  // bits 0..15 must be understood: 0..2 are

struct Header {
    std::uint32_t magic, flags, checksum;
};

// The a.out kludge (3.1.3).
struct Addresses {
    std::uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

Error contradiction() { return Error("the Multiboot header contradicts itself: the file is damaged; get it anew"); }

Result<MultibootImage> parse_addresses(ByteView file, std::uint64_t header_at) {
    const auto found = file.get<Addresses>(header_at + sizeof(Header));
    if (!found) return Error("the file ends in the Multiboot header: it is truncated; get it anew");
    const Addresses& at = *found;
    if (at.header_addr < at.load_addr || at.header_addr - at.load_addr > header_at) return contradiction();
    const std::uint64_t start = header_at - (at.header_addr - at.load_addr);
    if (at.load_end_addr != 0 && at.load_end_addr <= at.load_addr) return contradiction();
    const std::uint64_t length = at.load_end_addr != 0 ? at.load_end_addr - at.load_addr : file.size() - start;
    const auto content = file.part(start, length);
    if (!content) return Error("the file ends before its Multiboot load addresses do: it is truncated; get it anew");
    std::uint64_t memory = length;
    if (at.bss_end_addr != 0) {
        if (at.bss_end_addr < at.load_addr || at.bss_end_addr - at.load_addr < length) return contradiction();
        memory = at.bss_end_addr - at.load_addr;
    }
    return MultibootImage{at.entry_addr, {{at.load_addr, *content, memory}}};
}

}  // namespace

std::optional<std::uint64_t> find_multiboot_header(ByteView file) {
    for (std::uint64_t at = 0; at + sizeof(Header) <= std::min(file.size(), kSearchLimit); at += 4) {
        const auto header = file.get<Header>(at);
        if (header->magic == kMagic && header->magic + header->flags + header->checksum == 0) return at;
    }
    return std::nullopt;
}

Result<MultibootImage> parse_multiboot(ByteView file, std::uint64_t header_at) {
    const auto header = file.get<Header>(header_at);
    if (!header) return Error("the file ends in the Multiboot header: it is truncated; get it anew");
    if (header->flags & kRequiredUnknown) {
        return Error("this Multiboot kernel requires features that are not defined in Multiboot 1");
    }
    if (header->flags & kAddressesValid) return parse_addresses(file, header_at);
    if (!looks_like_elf(file)) return contradiction();
    ElfImage elf = HOSPES_TRY(parse_elf(file));
    if (elf.entry >> 32) return Error("this Multiboot kernel's entry is above 4 GiB, where 32-bit code cannot be");
    return MultibootImage{static_cast<std::uint32_t>(elf.entry), std::move(elf.segments)};
}

}  // namespace hospes::machine
