#include "machine/board/power_on.h"

#include <sys/stat.h>

#include <optional>

#include "machine/boot/loader.h"
#include "machine/boot/mapped_file.h"

namespace hospes::machine {

namespace {

Result<MappedFile> open_file(const std::string& path, const std::string& role) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        return Error("cannot open the " + role + " " + path + ": it is a directory; name the " + role + "'s file");
    }
    return MappedFile::open(path, role);
}

}  // namespace

Result<x86::CpuidModel> choose_model(const std::string& name, const x86::CpuidPlatform& platform) {
    return x86::CpuidModel::create(name.empty() ? "host" : name, platform);
}

// The files are mapped only for as long as they are copied.
Result<cpu::VcpuState> load_files(memory::GuestRam& ram, const MachineSetup& setup, Gpa rsdp) {
    const MappedFile kernel = HOSPES_TRY(open_file(setup.kernel, "kernel"));
    std::optional<MappedFile> initrd;
    if (!setup.initrd.empty()) initrd.emplace(HOSPES_TRY(open_file(setup.initrd, "initrd")));
    BootRequest request{kernel.bytes(), initrd ? initrd->bytes() : ByteView(), setup.command_line, rsdp};
    auto entry = load_kernel(ram, request);
    if (!entry.ok()) {
        const std::string with = setup.initrd.empty() ? "" : " with the initrd " + setup.initrd;
        return entry.take_error().in("cannot start the kernel " + setup.kernel + with);
    }
    return entry;
}

}  // namespace hospes::machine
