// What machines are built from and the sandbox of the VM process forbids to get: opened and mapped before it closes,
// and used by one machine after the other when the guest resets.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "engine/kvm/host.h"
#include "engine/translator/engine.h"
#include "machine/boot/boot_file.h"

namespace hospes::machine {

struct MachineSetup;

struct Provisions {
    BootFile kernel;
    std::optional<BootFile> initrd;
    // Of the engine that was chosen, one of the two.
    std::shared_ptr<translator::Resources> translator;
    std::optional<kvm::Host> kvm;

    // Errors: files, memory for the code cache, KVM.
    static Result<Provisions> open(const MachineSetup& setup);
    // All that are open.
    std::vector<int> descriptors() const;
};

}  // namespace hospes::machine
