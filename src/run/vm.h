// The VM of a run, made ready and started: its process, and this side's ends of its ports.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "run/plan.h"
#include "run/vmm_process.h"

namespace hospes::run {

struct Vm {
    VmmProcess process;
    UniqueFd control, input, output, errors;
};

// Checks the kernel and the boot modules against their digests, makes the layer and the initrd, and starts the VMM.
Result<Vm> start_vm(const Plan& plan);

}  // namespace hospes::run
