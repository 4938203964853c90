#include "engine/translator/system/missing.h"

#include <array>
#include <atomic>

#include "base/log.h"

namespace hospes::translator {

namespace {

constexpr std::array kNames = {
    "a task gate in the IDT",
    "a far transfer to another task",
    "IRET to another task",
    "IRET to virtual-8086 mode",
};

// A guest could reset itself for ever, and each reset makes new vCPUs: so for the process.
bool first_time(Missing what) {
    static std::array<std::atomic_flag, kNames.size()> named;
    return !named[static_cast<unsigned>(what)].test_and_set(std::memory_order_relaxed);
}

}  // namespace

GuestFault not_there(System& system, Missing what, const GuestFault& instead) {
    if (system.mmu.vectors_live) return redo_cold();
    const char* const name = kNames[static_cast<unsigned>(what)];
    system.diagnosis = name;
    if (first_time(what)) {
        log_line("vCPU %u: %s at 0x%llx, which the translator does not have; the guest gets exception %u", system.vcpu,
                 name, static_cast<unsigned long long>(system.state().rip), instead.vector);
    }
    return instead;
}

}  // namespace hospes::translator
