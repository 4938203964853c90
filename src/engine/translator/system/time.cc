// RDTSC, RDTSCP, RDPID, RDPMC.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/timestamp.h"

namespace hospes::translator {

namespace {

Checked<void> read_timestamp(GuestState& state) {
    if (state.cpl != 0 && (state.cr4 & x86::cr4::TSD) != 0) return general_protection();
    const std::uint64_t now = guest_timestamp(state);
    set_gpr(state, x86::RAX, now, 4);
    set_gpr(state, x86::RDX, now >> 32, 4);
    return {};
}

}  // namespace

Checked<void> execute_rdtsc(System& system, const DecodedInstruction& in) {
    GUEST_TRY(read_timestamp(system.state()));
    return advance(system.state(), in);
}

Checked<void> execute_rdtscp(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    asm volatile("lfence" ::: "memory");  // it waits for the instructions before it
    GUEST_TRY(read_timestamp(state));
    set_gpr(state, x86::RCX, state.tsc_aux, 4);
    return advance(state, in);
}

// No model has performance counters: every index is wrong, and who may not read them gets the same #GP.
Checked<void> execute_rdpmc(System&, const DecodedInstruction&) { return general_protection(); }

Checked<void> execute_rdpid(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    write_register(state, in.operands[0].reg.value, state.tsc_aux);
    return advance(state, in);
}

}  // namespace hospes::translator
