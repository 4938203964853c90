#include "machine/board/provisions.h"

#include "machine/board/machine.h"

namespace hospes::machine {

Result<Provisions> Provisions::open(const MachineSetup& setup) {
    Provisions opened{HOSPES_TRY(BootFile::open(setup.kernel, "kernel")), {}, {}, {}};
    if (!setup.initrd.empty()) opened.initrd.emplace(HOSPES_TRY(BootFile::open(setup.initrd, "initrd")));
    if (setup.engine_kind == EngineKind::Kvm) {
        opened.kvm.emplace(HOSPES_TRY(kvm::Host::open()));
    } else {
        opened.translator = HOSPES_TRY(translator::create_resources(setup.engine, setup.cpus));
    }
    return opened;
}

std::vector<int> Provisions::descriptors() const {
    std::vector<int> all = {kernel.descriptor()};
    if (initrd) all.push_back(initrd->descriptor());
    if (kvm) all.push_back(kvm->descriptor());
    const int perf_map = translator ? translator::perf_map_descriptor(*translator) : -1;
    if (perf_map >= 0) all.push_back(perf_map);
    return all;
}

}  // namespace hospes::machine
