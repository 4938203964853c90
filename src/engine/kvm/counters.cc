#include "engine/kvm/counters.h"

namespace hospes::kvm {

Counters& Counters::operator+=(const Counters& other) {
    exits += other.exits;
    port += other.port;
    mmio += other.mmio;
    msr += other.msr;
    window += other.window;
    end_of_interrupt += other.end_of_interrupt;
    kicked += other.kicked;
    interrupts += other.interrupts;
    return *this;
}

std::string Counters::lines() const {
    std::string text;
    const auto add = [&](const char* name, std::uint64_t value) {
        text += std::string(name) + " " + std::to_string(value) + "\n";
    };
    add("kvm_exits", exits);
    add("kvm_exits_port", port);
    add("kvm_exits_mmio", mmio);
    add("kvm_exits_msr", msr);
    add("kvm_exits_interrupt_window", window);
    add("kvm_exits_end_of_interrupt", end_of_interrupt);
    add("kvm_exits_kicked", kicked);
    add("kvm_pic_interrupts", interrupts);
    return text;
}

}  // namespace hospes::kvm
