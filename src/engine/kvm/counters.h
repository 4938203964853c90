// How often a vCPU came back from KVM to us, and for what. KVM's own counters are of all exits.
#pragma once

#include "cpu/counters.h"

namespace hospes::kvm {

struct Counters {
    std::uint64_t exits = 0;  // returns of KVM_RUN, for any reason
    std::uint64_t port = 0, mmio = 0, msr = 0, window = 0, end_of_interrupt = 0, kicked = 0;
    std::uint64_t interrupts = 0;  // vectors of the PIC

    static const cpu::NamedCounter<Counters> kNamed[8];
};

inline constexpr cpu::NamedCounter<Counters> Counters::kNamed[] = {
    {"kvm_exits", &Counters::exits},
    {"kvm_exits_port", &Counters::port},
    {"kvm_exits_mmio", &Counters::mmio},
    {"kvm_exits_msr", &Counters::msr},
    {"kvm_exits_interrupt_window", &Counters::window},
    {"kvm_exits_end_of_interrupt", &Counters::end_of_interrupt},
    {"kvm_exits_kicked", &Counters::kicked},
    {"kvm_pic_interrupts", &Counters::interrupts},
};

}  // namespace hospes::kvm
