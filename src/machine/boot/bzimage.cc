#include "machine/boot/bzimage.h"

namespace hospes::machine {

namespace {
constexpr std::uint32_t kHdrS = 0x53726448;
constexpr std::uint16_t kBootFlag = 0xaa55;
constexpr std::uint16_t kOldestVersion = 0x020c;  // Linux 3.8: xloadflags, which say whether it is a 64-bit kernel
constexpr std::uint8_t kLoadedHigh = 1;
constexpr std::uint16_t kKernel64 = 1;  // XLF_KERNEL_64
constexpr std::uint64_t kSectorSize = 512;

enum Offset : std::uint64_t {
    kSetupSects = 0x1f1,
    kSysSize = 0x1f4,
    kBootFlagAt = 0x1fe,
    kHeaderLength = 0x201,
    kMagic = 0x202,
    kVersion = 0x206,
    kLoadFlags = 0x211,
    kInitrdMax = 0x22c,
    kXLoadFlags = 0x236,
    kCmdlineSize = 0x238,
    kPrefAddress = 0x258,
    kInitSize = 0x260,
};
}  // namespace

bool looks_like_bzimage(ByteView file) {
    return file.get_or<std::uint32_t>(kMagic, 0) == kHdrS && file.get_or<std::uint16_t>(kBootFlagAt, 0) == kBootFlag;
}

Result<BzImage> parse_bzimage(ByteView file) {
    if (!file.holds(kInitSize, 4)) return Error("the file ends in the kernel's header: it is truncated; get it anew");
    if (!looks_like_bzimage(file)) return Error("it is no bzImage");
    const auto version = *file.get<std::uint16_t>(kVersion);
    const auto flags = *file.get<std::uint16_t>(kXLoadFlags);
    if (version < kOldestVersion || !(*file.get<std::uint8_t>(kLoadFlags) & kLoadedHigh)) {
        return Error("this Linux kernel is too old, or no bzImage but a zImage; use a bzImage of version 3.8 or later");
    }
    const std::uint64_t setup_sectors = *file.get<std::uint8_t>(kSetupSects);
    const std::uint64_t kernel_at = ((setup_sectors == 0 ? 4 : setup_sectors) + 1) * kSectorSize;
    const std::uint64_t kernel_size = std::uint64_t{*file.get<std::uint32_t>(kSysSize)} * 16;
    const std::uint64_t header_end = kMagic + *file.get<std::uint8_t>(kHeaderLength);
    const auto kernel = file.part(kernel_at, kernel_size);
    // The header must reach the last field read here, and end before the e820 table of the zero page (0x2d0).
    const auto header = file.part(kSetupHeader, header_end - kSetupHeader);
    if (!kernel || !header) {
        return Error("the file has " + std::to_string(file.size()) + " bytes, its header speaks of " +
                     std::to_string(kernel_at + kernel_size) + ": it is truncated; get it anew");
    }
    if (header_end < kInitSize + 4 || header_end > 0x2d0 || kernel_size == 0) {
        return Error("the kernel's header contradicts itself: the file is damaged; get it anew");
    }
    BzImage image;
    image.setup_header = *header;
    image.kernel = *kernel;
    image.pref_address = *file.get<std::uint64_t>(kPrefAddress);
    image.init_size = *file.get<std::uint32_t>(kInitSize);
    image.initrd_addr_max = *file.get<std::uint32_t>(kInitrdMax);
    image.cmdline_size = *file.get<std::uint32_t>(kCmdlineSize);
    image.entry64 = (flags & kKernel64) != 0;
    return image;
}

}  // namespace hospes::machine
