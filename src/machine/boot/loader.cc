#include "machine/boot/loader.h"

#include "machine/boot/bzimage.h"
#include "machine/boot/elf_image.h"
#include "machine/boot/multiboot.h"

namespace hospes::machine {

namespace {

Error unknown_format(ByteView file) {
    if (file.size() < 4096) {
        return Error("the file has only " + std::to_string(file.size()) +
                     " bytes and none of a kernel's marks; it may be truncated: get it anew");
    }
    if (file.get_or<std::uint32_t>(0x38, 0) == 0x644d5241) {  // "ARM\x64" of arm64's Image
        return Error("this is a Linux kernel for 64-bit ARM; use an x86-64 kernel");
    }
    return Error(
        "this is no kernel that can be started here; use a Linux bzImage, an ELF file with a PVH note or a "
        "Multiboot 1 kernel");
}

}  // namespace

Result<cpu::VcpuState> load_kernel(memory::GuestRam& ram, const BootRequest& request) {
    if (looks_like_bzimage(request.kernel)) return load_linux(ram, request);
    if (looks_like_elf(request.kernel)) {
        const ElfImage image = HOSPES_TRY(parse_elf(request.kernel));
        if (image.pvh_entry) return load_pvh(ram, request, image);
    }
    if (const auto header = find_multiboot_header(request.kernel)) {
        const MultibootImage image = HOSPES_TRY(parse_multiboot(request.kernel, *header));
        return load_multiboot(ram, request, image);
    }
    if (looks_like_elf(request.kernel)) {
        return Error(
            "this ELF file has neither a PVH note nor a Multiboot header; use a kernel, or build it with "
            "CONFIG_PVH");
    }
    return unknown_format(request.kernel);
}

}  // namespace hospes::machine
