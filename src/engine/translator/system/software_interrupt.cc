// INT n, INT3, INTO, INT1, BOUND, UDn.
#include "engine/translator/system/delivery.h"
#include "engine/translator/system/descriptors.h"
#include "engine/translator/system/handlers.h"

namespace hospes::translator {

namespace {

// A trap of the program's own making: it returns to the next instruction.
Checked<void> raise(System& system, const DecodedInstruction& in, std::uint8_t vector, bool software) {
    Event event;
    event.vector = vector;
    event.software = software;
    event.external = software ? 0 : 1;
    event.return_rip = next_rip(system.state(), in);
    system.diagnosis = nullptr;
    return deliver_event(system, event);
}

}  // namespace

Checked<void> execute_int(System& system, const DecodedInstruction& in) {
    return raise(system, in, static_cast<std::uint8_t>(in.operands[0].imm.value.u), true);
}

Checked<void> execute_int3(System& system, const DecodedInstruction& in) { return raise(system, in, x86::BP, true); }

Checked<void> execute_int1(System& system, const DecodedInstruction& in) { return raise(system, in, x86::DB, false); }

Checked<void> execute_into(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (state.code64()) return undefined_opcode();
    if ((state.rflags & x86::rflags::OF) == 0) return advance(state, in);
    return raise(system, in, x86::OF_, true);
}

// BOUND r, m: #BR if the signed index lies outside the two bounds in memory.
Checked<void> execute_bound(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (state.code64()) return undefined_opcode();
    const unsigned size = operand_bytes(in);
    const Gva address = GUEST_TRY(operand_address(state, in, 1, 2 * size, Intent::Read));
    std::uint64_t both = 0;
    GUEST_TRY(read_memory(system.mmu, address, &both, 2 * size, state.access_class()));
    const auto index = static_cast<std::int64_t>(sign_extend(read_register(state, in.operands[0].reg.value), size));
    const auto lower = static_cast<std::int64_t>(sign_extend(both, size));
    const auto upper = static_cast<std::int64_t>(sign_extend(both >> (8 * size), size));
    if (index < lower || index > upper) return GuestFault{x86::BR, false, 0, 0};
    return advance(state, in);
}

Checked<void> execute_undefined(System&, const DecodedInstruction&) { return undefined_opcode(); }

}  // namespace hospes::translator
