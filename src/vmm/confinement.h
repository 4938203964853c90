// The VM process's sandbox: what it keeps of its rights while the guest runs.
#pragma once

#include <vector>

#include "sandbox/sandbox.h"
#include "vmm/options.h"

namespace hospes::vmm {

// What a confined VM process goes on using, all of it open.
struct Holdings {
    std::vector<int> descriptors;  // besides the standard ones
    std::uint64_t largest_disk = 0;
};

sandbox::Policy policy_of(const Options& options, const Holdings& holdings);

// Closes the sandbox for good, unless the operator wants none; one line in the log for each part that the host lacks.
// To be called with one thread, before anything that the guest has made is looked at.
void confine(const Options& options, const Holdings& holdings);

}  // namespace hospes::vmm
