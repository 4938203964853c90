// The seam: all that the machine knows of what executes guest instructions.
//
// An Engine is one VM's processor complex. KVM stands behind it as well as the translator: see
// docs/decisions/0002-engine-seam.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cpu/debugging.h"
#include "cpu/dirty_log.h"
#include "cpu/vcpu_host.h"
#include "cpu/vcpu_state.h"
#include "memory/guest_ram.h"

namespace hospes::cpu {

// Why run() came back.
enum class ExitReason : std::uint8_t {
    Halted,    // HLT with nothing to take: call run() again once VcpuHost::interrupt_pending(), if `wakeable`, or
               // nmi_pending(), if `nmi_wakes`
    Kicked,    // VcpuHost::stop_requested(); state is at an instruction boundary
    Shutdown,  // triple fault
    Failed,    // the engine cannot go on; `report` says why, with registers and bytes at RIP
    Debug,     // what Vcpu::debug() asked for happened; `debug` says what. State is at an instruction boundary
};

struct Exit {
    ExitReason reason;
    std::string report;     // for Failed; for Shutdown, what led to it, if known
    bool wakeable = true;   // for Halted: an interrupt ends it (IF is set)
    bool nmi_wakes = true;  // for Halted: an NMI ends it (none is being handled)
    DebugStop debug{};      // for Debug
};

struct Capabilities {
    const char* name;  // "translator", "kvm"
    // The engine emulates the local APICs. It then calls nothing of VcpuHost that is about them (platform MSRs but the
    // paravirtual clock, task priority), and what it takes by acknowledge_interrupt() is the PIC's interrupt.
    bool local_apic_in_engine;
    unsigned max_vcpus;
};

// An interrupt on its way to local APICs: a write of `data` to `address`, as an MSI (SDM volume 3, 11.11).
struct InterruptMessage {
    std::uint64_t address;
    std::uint32_t data;

    bool operator==(const InterruptMessage&) const = default;
};

// One vCPU. All but notify() belongs to one thread at a time; notify() is for any. Made before the first one runs; ends
// when no other one runs and nobody calls notify() or Engine::memory_written().
class Vcpu {
  public:
    virtual ~Vcpu() = default;

    // Executes guest instructions until one of the reasons to come back. Device accesses, platform MSRs and interrupt
    // acknowledgement are calls to `host` from inside. State is architectural at every return.
    virtual Exit run(VcpuHost& host) = 0;

    // Makes a running vCPU look at interrupt_pending() and stop_requested() soon (tens of microseconds).
    // Thread-safe and async-signal-safe; no effect is lost if the vCPU is not running.
    virtual void notify() = 0;

    virtual VcpuState state() const = 0;
    virtual Result<void> set_state(const VcpuState& state) = 0;

    // What to look out for, instead of what was asked before. Errors: the engine cannot, or not that much.
    virtual Result<void> debug(const DebugRequest&) { return Error("this engine has no debugging"); }
    // Where the page tables in use lead for a supervisor's read, whatever SMAP says; nullopt: nowhere.
    virtual std::optional<Gpa> physical(Gva) { return std::nullopt; }
};

class Engine {
  public:
    virtual ~Engine() = default;

    virtual Capabilities capabilities() const = 0;
    // Errors: more vCPUs than the engine has.
    virtual Result<std::unique_ptr<Vcpu>> create_vcpu(unsigned index) = 0;

    // Tells the engine that a device (DMA), or anybody else but its vCPUs, has written guest RAM at
    // [gpa, gpa + length): code there is stale, dirty logs get the pages. Thread-safe; takes effect before any
    // interrupt raised after it is delivered.
    virtual void memory_written(Gpa gpa, std::uint64_t length) = 0;

    // Begins a log of the pages that are written in [gpa, gpa + length), with none of them in it. Which threads may,
    // and what the log promises: cpu/dirty_log.h. Costs nothing without a log; with one, the first store to each page
    // after a fetch. Errors: not whole pages of RAM in one piece, logged already, or the host's.
    virtual Result<std::unique_ptr<DirtyLog>> log_writes(Gpa, std::uint64_t) {
        return Error("this engine keeps no dirty log");
    }

    // For an engine with the local APICs: takes an interrupt to them. Thread-safe.
    virtual void deliver(const InterruptMessage&) {}
    // Likewise: what IOAPIC pin `pin` sends, if it is level-triggered and not masked. Of such an interrupt's end the
    // engine tells by VcpuHost::end_of_interrupt(). Called before the message is first delivered.
    virtual void set_level_route(unsigned, const std::optional<InterruptMessage>&) {}

    // Human-readable counters, one "name value" a line.
    virtual std::string counters() const = 0;
};

}  // namespace hospes::cpu
