#include "machine/board/machine.h"

#include "engine/kvm/engine.h"
#include "machine/acpi/tables.h"
#include "machine/board/power_on.h"

namespace hospes::machine {

const char* name_of(EngineKind kind) { return kind == EngineKind::Kvm ? "kvm" : "translator"; }

Result<std::unique_ptr<Machine>> Machine::create(const MachineSetup& setup, const Provisions& provisions,
                                                 const HostSide& host) {
    std::unique_ptr<Machine> machine(new Machine(host));
    HOSPES_TRY(machine->build(setup, provisions, host));
    return machine;
}

// The kernel first: that takes some of the time in which the TSC's frequency is measured, which the CPU model waits
// for.
Result<void> Machine::build(const MachineSetup& setup, const Provisions& provisions, const HostSide& host) {
    ram_ = HOSPES_TRY(memory::GuestRam::create(setup.memory_bytes));
    const Gpa rsdp = acpi::write_tables(*ram_, 1);
    const cpu::VcpuState entry = HOSPES_TRY(load_files(*ram_, setup, provisions, rsdp));
    const x86::CpuidPlatform platform{static_cast<std::uint32_t>(host.tsc.khz()), 1};
    HOSPES_TRY(provisions.kvm ? make_kvm(setup, *provisions.kvm, platform)
                              : make_translator(setup, provisions, platform));
    vcpu_ = HOSPES_TRY(engine_->create_vcpu(0));
    HOSPES_TRY(vcpu_->set_state(entry));
    board_ = HOSPES_TRY(Board::create(host, {*ram_, *engine_, *vcpu_}, setup.debug_exit));
    return {};
}

Result<void> Machine::make_translator(const MachineSetup& setup, const Provisions& provisions,
                                      const x86::CpuidPlatform& platform) {
    model_ = std::make_unique<x86::CpuidModel>(HOSPES_TRY(choose_model(setup.cpu_model, platform)));
    engine_ = HOSPES_TRY(translator::create_engine(setup.engine, provisions.translator, *ram_, *model_));
    return {};
}

Result<void> Machine::make_kvm(const MachineSetup& setup, const kvm::Host& host, x86::CpuidPlatform platform) {
    platform.engine_has = [&host](x86::Feature feature) { return host.has(feature); };
    model_ = std::make_unique<x86::CpuidModel>(HOSPES_TRY(choose_model(setup.cpu_model, platform)));
    engine_ = HOSPES_TRY(kvm::create_engine(host, *ram_, *model_));
    return {};
}

cpu::Exit Machine::run() {
    for (;;) {
        cpu::Exit exit = vcpu_->run(board_->vcpu_host());
        const bool halted = exit.reason == cpu::ExitReason::Halted;
        if (halted) board_->signals().wait(loop_, lock_, exit.wakeable);
        if (board_->ending().requested()) return {cpu::ExitReason::Kicked, {}};
        if (!halted && exit.reason != cpu::ExitReason::Kicked) return exit;
    }
}

}  // namespace hospes::machine
