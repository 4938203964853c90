// One VM: memory, CPU engine, kernel and board, from power-on to the end of its power.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cpu/engine.h"
#include "engine/translator/engine.h"
#include "machine/board/board.h"
#include "machine/board/provisions.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::machine {

enum class EngineKind : std::uint8_t { Translator, Kvm };
// As users write it: "translator", "kvm".
const char* name_of(EngineKind kind);

inline constexpr unsigned kMostCpus = 64;  // an engine may have fewer

struct MachineSetup {
    EngineKind engine_kind = EngineKind::Translator;
    std::uint64_t memory_bytes = 0;
    unsigned cpus = 1;
    std::string cpu_model;  // empty: the best one that the host has
    std::string kernel;     // paths; the initrd's may be empty
    std::string initrd;
    std::string command_line;
    bool debug_exit = false;
    bool held = false;                 // before the first instruction, until a debugger lets it go
    translator::EngineOptions engine;  // of the translator
};

class Machine {
  public:
    // `provisions` are of the same setup, and outlive the machine. Errors: kernel, initrd, CPU model, memory, more CPUs
    // than the engine has. The loop does not run yet.
    static Result<std::unique_ptr<Machine>> create(const MachineSetup& setup, const Provisions& provisions,
                                                   const HostSide& host);

    // Runs the vCPUs, each on a thread of its own, until the machine ends: then Exit::Kicked and ending() says why, or
    // Shutdown or Failed of the first vCPU that could not go on. The event loop runs on another thread meanwhile.
    // Errors: the host has no threads left.
    Result<cpu::Exit> run();

    Ending& ending() { return board_->ending(); }
    // For a debugger, with the lock held.
    Board& board() { return *board_; }
    cpu::Vcpu& vcpu(unsigned index) { return *vcpus_[index]; }
    memory::GuestRam& ram() { return *ram_; }
    cpu::Engine& engine() { return *engine_; }
    const x86::CpuidModel& model() const { return *model_; }
    std::string counters() const { return engine_->counters(); }

  private:
    explicit Machine(const HostSide& host) : lock_(host.lock) {}

    // What each vCPU's thread does; the first one that cannot go on ends the machine and leaves its exit in `first`.
    void run_processor(unsigned index, cpu::Exit& first);

    Result<void> build(const MachineSetup& setup, const Provisions& provisions, const HostSide& host);
    Result<void> make_vcpus(unsigned count, const cpu::VcpuState& entry);
    // The CPU model that this engine can run, and the engine.
    Result<void> make_translator(const MachineSetup& setup, const Provisions& provisions,
                                 const x86::CpuidPlatform& platform);
    Result<void> make_kvm(const MachineSetup& setup, const kvm::Host& host, x86::CpuidPlatform platform);

    bus::MachineLock& lock_;
    std::unique_ptr<memory::GuestRam> ram_;
    std::unique_ptr<x86::CpuidModel> model_;
    std::unique_ptr<cpu::Engine> engine_;
    std::vector<std::unique_ptr<cpu::Vcpu>> vcpus_;
    std::unique_ptr<Board> board_;
};

}  // namespace hospes::machine
