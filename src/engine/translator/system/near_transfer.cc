// Near branches that translation leaves to C++: operand or stack sizes other than the mode's own, 16-bit code.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

bool is_far(const DecodedInstruction& in) { return in.info.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR; }

// Target of a near jump or call; EIP is cut to the operand size before the limit is checked.
Checked<std::uint64_t> near_target(System& system, const DecodedInstruction& in) {
    const GuestState& state = system.state();
    const ZydisDecodedOperand& operand = in.operands[0];
    std::uint64_t target = 0;
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        target = state.rip + in.info.length + static_cast<std::uint64_t>(operand.imm.value.s);
    } else {
        target = GUEST_TRY(read_operand(system, in, 0));
    }
    target &= size_mask(operand_bytes(in));
    GUEST_TRY(check_near_target(state, target));
    return target;
}

Checked<void> jump_near(System& system, const DecodedInstruction& in) {
    system.state().rip = GUEST_TRY(near_target(system, in));
    return {};
}

// Condition `code` of Jcc, the low four bits of its opcode.
bool condition(std::uint64_t flags, unsigned code) {
    using namespace x86::rflags;
    const bool less = ((flags & SF) != 0) != ((flags & OF) != 0);
    bool holds = false;
    switch (code >> 1) {
        case 0: holds = (flags & OF) != 0; break;
        case 1: holds = (flags & CF) != 0; break;
        case 2: holds = (flags & ZF) != 0; break;
        case 3: holds = (flags & (CF | ZF)) != 0; break;
        case 4: holds = (flags & SF) != 0; break;
        case 5: holds = (flags & PF) != 0; break;
        case 6: holds = less; break;
        default: holds = less || (flags & ZF) != 0; break;
    }
    return holds != ((code & 1) != 0);
}

}  // namespace

Checked<void> execute_jmp(System& system, const DecodedInstruction& in) {
    return is_far(in) ? far_jump(system, in) : jump_near(system, in);
}

Checked<void> execute_call(System& system, const DecodedInstruction& in) {
    if (is_far(in)) return far_call(system, in);
    const std::uint64_t target = GUEST_TRY(near_target(system, in));
    GUEST_TRY(push_value(system, next_rip(system.state(), in), operand_bytes(in)));
    system.state().rip = target;
    return {};
}

Checked<void> execute_ret(System& system, const DecodedInstruction& in) {
    if (is_far(in)) return far_return(system, in);
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    const std::uint64_t target = GUEST_TRY(peek_value(system, 0, size));
    GUEST_TRY(check_near_target(state, target));
    unsigned release = size;
    if (in.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) release += in.operands[0].imm.value.u & 0xffffu;
    drop(state, release);
    state.rip = target;
    return {};
}

Checked<void> execute_loop(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned width = address_bytes(in);
    const std::uint64_t count = (state.gpr[x86::RCX] - 1) & size_mask(width);
    const bool zero = (state.rflags & x86::rflags::ZF) != 0;
    bool taken = count != 0;
    if (in.info.mnemonic == ZYDIS_MNEMONIC_LOOPE) taken = taken && zero;
    if (in.info.mnemonic == ZYDIS_MNEMONIC_LOOPNE) taken = taken && !zero;
    const std::uint64_t target = taken ? GUEST_TRY(near_target(system, in)) : next_rip(state, in);
    set_gpr(state, x86::RCX, count, width);
    state.rip = target;
    return {};
}

// JCXZ, JECXZ, JRCXZ.
Checked<void> execute_jump_cx_zero(System& system, const DecodedInstruction& in) {
    if (get_gpr(system.state(), x86::RCX, address_bytes(in)) == 0) return jump_near(system, in);
    return advance(system.state(), in);
}

Checked<void> execute_jcc(System& system, const DecodedInstruction& in) {
    if (condition(system.state().rflags, in.info.opcode & 15u)) return jump_near(system, in);
    return advance(system.state(), in);
}

}  // namespace hospes::translator
