// How often a vCPU came back from KVM to us, and for what. KVM's own counters are of all exits.
#pragma once

#include <cstdint>
#include <string>

namespace hospes::kvm {

struct Counters {
    std::uint64_t exits = 0;  // returns of KVM_RUN, for any reason
    std::uint64_t port = 0, mmio = 0, msr = 0, window = 0, end_of_interrupt = 0, kicked = 0;
    std::uint64_t interrupts = 0;  // vectors of the PIC

    Counters& operator+=(const Counters& other);
    // One "name value" a line.
    std::string lines() const;
};

}  // namespace hospes::kvm
