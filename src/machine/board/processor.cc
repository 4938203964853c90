#include "machine/board/processor.h"

#include "machine/board/start_up.h"

namespace hospes::machine {

namespace {

VcpuSignals::Role role_of(const Processor::Parts& parts) {
    const bool started_here = parts.index != 0 && !parts.apic_in_engine;
    return started_here ? VcpuSignals::Role::Application : VcpuSignals::Role::Bootstrap;
}

}  // namespace

Processor::Processor(const Parts& parts)
    : index_(parts.index),
      vcpu_(parts.vcpu),
      ending_(parts.ending),
      halting_(parts.halting),
      loop_(parts.loop),
      lock_(parts.lock),
      apic_in_engine_(parts.apic_in_engine),
      signature_(parts.signature),
      signals_(parts.index, parts.vcpu, parts.ending, parts.halting, role_of(parts)),
      apic_(parts.index, parts.apic_bus, parts.loop, parts.tsc, signals_),
      clock_(parts.ram, parts.tsc, parts.start,
             [&observer = parts.observer](Gpa gpa, std::uint64_t length) { observer.memory_written(gpa, length); }),
      port_({parts.lock, parts.memory_space, parts.port_space, parts.apic_bus, apic_, clock_, signals_}) {}

cpu::VcpuState Processor::started_at(std::uint8_t vector) const {
    return after_start_up(after_init(vcpu_.state(), signature_), vector);
}

// An INIT or SIPI that the vCPU has not come to is done in the state.
cpu::VcpuState Processor::state() const {
    if (apic_in_engine_) return vcpu_.state();
    const auto vector = signals_.start_up_vector();
    cpu::VcpuState state = vector ? started_at(*vector) : vcpu_.state();
    if (signals_.waits_for_start_up() && !vector) state = after_init(state, signature_);
    state.nmi_pending = signals_.nmi_pending();
    state.local_apic = apic_.registers();
    return state;
}

Result<void> Processor::set_state(const cpu::VcpuState& state) {
    HOSPES_TRY(vcpu_.set_state(state));
    if (apic_in_engine_) return {};
    signals_.restore(state.waits_for_start_up, state.nmi_pending);
    if (state.local_apic) port_.set_local_apic(*state.local_apic);
    return {};
}

cpu::Exit Processor::run() {
    for (;;) {
        if (halting_.wanted(index_)) halting_.stand(index_, lock_, ending_);
        if (ending_.requested()) return {cpu::ExitReason::Kicked, {}};
        if (signals_.waits_for_start_up()) {
            const auto vector = signals_.wait_for_start_up(lock_);
            if (!vector) continue;
            const auto started = vcpu_.set_state(started_at(*vector));
            if (!started.ok()) return {cpu::ExitReason::Failed, started.error().message()};
        }
        cpu::Exit exit = vcpu_.run(port_);
        if (exit.reason == cpu::ExitReason::Halted) signals_.wait(loop_, lock_, exit.wakeable, exit.nmi_wakes);
        if (exit.reason == cpu::ExitReason::Debug) halting_.report(index_, exit.debug, lock_);
        if (ending_.requested()) return {cpu::ExitReason::Kicked, {}};
        if (exit.reason == cpu::ExitReason::Shutdown || exit.reason == cpu::ExitReason::Failed) return exit;
    }
}

}  // namespace hospes::machine
