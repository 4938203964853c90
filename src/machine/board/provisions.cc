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
    if (translator) {
        const std::vector<int> written = translator::descriptors(*translator);
        all.insert(all.end(), written.begin(), written.end());
    }
    return all;
}

}  // namespace hospes::machine
