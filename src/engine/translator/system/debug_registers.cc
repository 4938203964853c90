// MOV to and from debug registers (SDM volume 3, 18.2) and CR8; breakpoints at ports.
#include "x86/debug_registers.h"
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

bool is_debug(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_DR0 &&
           operand.reg.value <= ZYDIS_REGISTER_DR15;
}

bool is_cr8(const ZydisDecodedOperand& operand) {
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value == ZYDIS_REGISTER_CR8;
}

Checked<void> write_debug(GuestState& state, unsigned number, std::uint64_t value) {
    if (number < 4) {
        state.dr[number] = value;
        return {};
    }
    if ((value >> 32) != 0) return general_protection();
    if (number == 6) {
        state.dr6 = x86::dr6::kFixed1 | (value & x86::dr6::kWritable);
    } else {
        state.dr7 = x86::dr7::kFixed1 | (value & x86::dr7::kWritable);
    }
    return {};
}

std::uint64_t read_debug(const GuestState& state, unsigned number) {
    if (number < 4) return state.dr[number];
    return number == 6 ? state.dr6 : state.dr7;
}

// CR8 is the task priority class of the local APIC.
Checked<void> move_task_priority(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    if (is_cr8(in.operands[0])) {
        const std::uint64_t value = read_register(state, in.operands[1].reg.value);
        if (value > 15) return general_protection();
        system.host().set_task_priority(static_cast<std::uint8_t>(value));
    } else {
        write_register(state, in.operands[0].reg.value, system.host().task_priority() & 15u);
    }
    return advance(state, in);
}

}  // namespace

Checked<void> move_debug_register(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const bool write = is_debug(in.operands[0]);
    auto number = static_cast<unsigned>(in.operands[write ? 0 : 1].reg.value - ZYDIS_REGISTER_DR0);
    if (number > 7) return undefined_opcode();
    if (number == 4 || number == 5) {
        if ((state.cr4 & x86::cr4::DE) != 0) return undefined_opcode();
        number += 2;
    }
    GUEST_TRY(require_cpl0(state));
    if ((state.dr7 & x86::dr7::GD) != 0) {
        state.dr6 |= x86::dr6::BD;
        state.dr7 &= ~x86::dr7::GD;  // so that the handler can use the registers
        return GuestFault{x86::DB, false, 0, 0};
    }
    if (write) {
        GUEST_TRY(write_debug(state, number, read_register(state, in.operands[1].reg.value)));
        system.debug_registers_changed = true;
    } else {
        write_register(state, in.operands[0].reg.value, read_debug(state, number));
    }
    return advance(state, in);
}

unsigned port_breakpoints(const GuestState& state, std::uint16_t port, unsigned size) {
    using namespace x86;
    if ((state.dr7 & dr7::kEnables) == 0 || (state.cr4 & cr4::DE) == 0) return 0;
    unsigned hits = 0;
    for (unsigned number = 0; number < kBreakpoints; ++number) {
        if (!dr7::enabled(state.dr7, number) || dr7::kind(state.dr7, number) != dr7::Kind::Port) continue;
        const unsigned length = dr7::length(state.dr7, number);
        const std::uint64_t first = state.dr[number] & ~(length - 1ull);
        // Either begins within the other.
        if (port - first < length || first - port < size) hits |= 1u << number;
    }
    return hits;
}

Checked<void> execute_mov_cold(System& system, const DecodedInstruction& in) {
    if (is_cr8(in.operands[0]) || is_cr8(in.operands[1])) return move_task_priority(system, in);
    if (is_debug(in.operands[0]) || is_debug(in.operands[1])) return move_debug_register(system, in);
    return execute_mov(system, in);
}

}  // namespace hospes::translator
