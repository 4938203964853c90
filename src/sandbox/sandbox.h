// The sandbox: what a process gives up for good, in the order in which it can.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/call_filter.h"

namespace hospes::sandbox {

struct Policy {
    std::vector<Rule> calls;               // all others end the process
    std::vector<int> descriptors;          // stay open; all others are closed
    unsigned spare_descriptors = 0;        // how many may be opened on top
    std::optional<std::uint64_t> largest;  // file that may be written, in bytes; nullopt: any
    bool deny_paths = true;                // by Landlock
    bool inspectable = false;              // by debuggers and profilers of the same user
};

// What the host lacks or refuses: "Landlock: it is switched off: ..."
using Lacks = std::vector<std::string>;

// Closes the sandbox around this process, which has one thread. Everything that the host has is done, whatever else it
// lacks.
Lacks enter(const Policy& policy);

}  // namespace hospes::sandbox
