#include "machine/board/machine.h"

#include <mutex>

#include "engine/kvm/engine.h"
#include "machine/acpi/tables.h"
#include "machine/board/power_on.h"
#include "machine/board/start_up.h"
#include "machine/board/vcpu_threads.h"

namespace hospes::machine {

namespace {
// Family, model and stepping, as CPUID leaf 1 gives them in EAX.
std::uint32_t signature(const x86::CpuidModel& model) { return model.leaf(1, 0, 0, 0, x86::xcr0::X87).eax; }
}  // namespace

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
    const Gpa rsdp = acpi::write_tables(*ram_, setup.cpus);
    const cpu::VcpuState entry = HOSPES_TRY(load_files(*ram_, setup, provisions, rsdp));
    const x86::CpuidPlatform platform{static_cast<std::uint32_t>(host.tsc.khz()), setup.cpus};
    HOSPES_TRY(provisions.kvm ? make_kvm(setup, *provisions.kvm, platform)
                              : make_translator(setup, provisions, platform));
    HOSPES_TRY(make_vcpus(setup.cpus, entry));
    Core core{*ram_, *engine_, {}, signature(*model_)};
    core.held = setup.held;
    for (const auto& vcpu : vcpus_) core.vcpus.push_back(vcpu.get());
    board_ = HOSPES_TRY(Board::create(host, core, setup.debug_exit));
    return {};
}

Result<void> Machine::make_vcpus(unsigned count, const cpu::VcpuState& entry) {
    const unsigned most = engine_->capabilities().max_vcpus;
    if (count > most) {
        return Error("cannot have " + std::to_string(count) + " CPUs: the engine " + engine_->capabilities().name +
                     " has " + std::to_string(most) + " at most; give the VM fewer");
    }
    const cpu::VcpuState waiting = waiting_for_start_up(signature(*model_));
    for (unsigned index = 0; index < count; ++index) {
        vcpus_.push_back(HOSPES_TRY(engine_->create_vcpu(index)));
        HOSPES_TRY(vcpus_.back()->set_state(index == 0 ? entry : waiting));
    }
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

void Machine::run_processor(unsigned index, cpu::Exit& first) {
    cpu::Exit exit = board_->processor(index).run();
    if (exit.reason == cpu::ExitReason::Kicked) return;
    const std::lock_guard guard(lock_);
    if (ending().requested()) return;
    first = std::move(exit);
    ending().request(EndKind::Vcpu, static_cast<int>(index));
}

Result<cpu::Exit> Machine::run() {
    cpu::Exit first{cpu::ExitReason::Kicked, {}};
    VcpuThreads threads;
    for (unsigned index = 0; index < board_->processors(); ++index) {
        auto started = threads.start(index, [this, index, &first] { run_processor(index, first); });
        if (started.ok()) continue;
        {
            const std::lock_guard guard(lock_);
            ending().request(EndKind::Vcpu, static_cast<int>(index));
        }
        threads.join();
        return started.take_error();
    }
    threads.join();
    return first;
}

}  // namespace hospes::machine
