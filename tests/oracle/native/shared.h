// What the harness and its native child both see.
#pragma once

#include <atomic>
#include <cstdint>

#include "case.h"

namespace hospes::oracle {

// Whether the host lets processes run 32-bit code. Where it does not (some hypervisors hide the segment), a 32-bit case
// runs as 64-bit code with an address-size prefix in front, one byte before the case's first instruction.
bool host_runs_compat_code();
inline constexpr std::uint8_t kAddressSizePrefix = 0x67;

struct NativeShared {
    Batch batch;
    Outcome outcomes[kBatchCases];
    std::atomic<std::uint32_t> progress;  // number of the case that runs now
};

// File descriptors that the child is given.
struct ChildFiles {
    int shared;   // NativeShared
    int data;     // the data pages, kImageSize bytes
    int command;  // a socket: one byte in = run the batch, one byte out = done; end of file = exit
};

// The child's whole life. It maps the layout, locks itself in and serves batches.
[[noreturn]] void run_native_child(const ChildFiles& files, NativeShared& shared);

// Allows the few system calls that the child makes from now on; anything else kills it. False: the host refuses.
bool enter_sandbox();

}  // namespace hospes::oracle
