#include "machine/board/power_on.h"

#include <optional>

#include "machine/boot/loader.h"

namespace hospes::machine {

Result<x86::CpuidModel> choose_model(const std::string& name, const x86::CpuidPlatform& platform) {
    return x86::CpuidModel::create(name.empty() ? "host" : name, platform);
}

// The files are mapped only for as long as they are copied.
Result<cpu::VcpuState> load_files(memory::GuestRam& ram, const MachineSetup& setup, const Provisions& provisions,
                                  Gpa rsdp) {
    const MappedFile kernel = HOSPES_TRY(provisions.kernel.map());
    std::optional<MappedFile> initrd;
    if (provisions.initrd) initrd.emplace(HOSPES_TRY(provisions.initrd->map()));
    BootRequest request{kernel.bytes(), initrd ? initrd->bytes() : ByteView(), setup.command_line, rsdp};
    auto entry = load_kernel(ram, request);
    if (!entry.ok()) {
        const std::string with = setup.initrd.empty() ? "" : " with the initrd " + setup.initrd;
        return entry.take_error().in("cannot start the kernel " + setup.kernel + with);
    }
    return entry;
}

}  // namespace hospes::machine
