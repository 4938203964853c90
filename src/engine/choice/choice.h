// Whether KVM works on this host: tried in a child process, so that a broken KVM takes nobody along.
#pragma once

#include <cstdint>
#include <string>

namespace hospes::engine {

struct KvmFinding {
    enum Kind : std::uint8_t { Works, Absent, NoPermission, OldApi, Broken };

    Kind kind = Broken;
    std::string detail;  // what was found and, unless it works, what to do: "WHY; WHAT TO DO"
};

// Opens `device` in a child process, looks at the processor that it offers guests, makes a small VM there, runs a few
// instructions in it and looks at their result. A child that crashes, or is not done within a few seconds, counts as
// Broken. Takes some milliseconds. To be called while the process has one thread only.
KvmFinding probe_kvm(const char* device = "/dev/kvm");

}  // namespace hospes::engine
