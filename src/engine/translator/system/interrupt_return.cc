// IRET, IRETD, IRETQ (SDM volume 2).
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/missing.h"
#include "engine/translator/system/outer_return.h"

namespace hospes::translator {

namespace {

// What the frame's flags may change at the CPL that executes IRET.
void restore_flags(GuestState& state, std::uint64_t popped, unsigned size, unsigned cpl) {
    using namespace x86;
    std::uint64_t changeable = rflags::kStatus | rflags::TF | rflags::DF | rflags::NT;
    if (size > 2) changeable |= rflags::AC | rflags::ID;
    // RF ends with the next instruction: nothing looks at it but breakpoints.
    if (size > 2 && state.watch_mode != 0) changeable |= rflags::RF;
    const unsigned iopl = (state.rflags & rflags::IOPL) >> 12;
    if (cpl <= iopl) changeable |= rflags::IF;
    if (cpl == 0) {
        changeable |= rflags::IOPL;
        if (size > 2 && state.protected_mode()) changeable |= rflags::VIF | rflags::VIP;
    }
    state.set_full_rflags((state.full_rflags() & ~changeable) | (popped & changeable));
}

struct Frame {
    std::uint64_t rip = 0, cs = 0, flags = 0, rsp = 0, ss = 0;
};

// Reads 3 or 5 values of `size` bytes from the stack.
Checked<Frame> read_frame(System& system, unsigned count, unsigned size) {
    std::uint8_t bytes[40] = {};
    GUEST_TRY(peek_bytes(system, 0, bytes, count * size));
    std::uint64_t values[5] = {};
    for (unsigned i = 0; i < count; ++i) {
        if (size == 8) {
            __builtin_memcpy(&values[i], bytes + 8 * i, 8);
        } else if (size == 4) {
            __builtin_memcpy(&values[i], bytes + 4 * i, 4);
        } else {
            __builtin_memcpy(&values[i], bytes + 2 * i, 2);
        }
    }
    return Frame{values[0], values[1], values[2], values[3], values[4]};
}

// Even if the IRET faults (SDM volume 3, 6.7.1). One may be waiting.
void unblock_nmi(GuestState& state) {
    state.nmi_blocked = 0;
    state.attention.store(1, std::memory_order_relaxed);
}

Checked<void> return_real(System& system, unsigned size) {
    GuestState& state = system.state();
    const std::uint64_t rip = GUEST_TRY(peek_value(system, 0, size));
    const std::uint64_t cs = GUEST_TRY(peek_value(system, size, size));
    const std::uint64_t flags = GUEST_TRY(peek_value(system, 2 * size, size));
    if (rip > state.segments[x86::CS].limit) return general_protection();
    drop(state, 3 * size);
    enter_real_code(state, static_cast<std::uint16_t>(cs), rip);
    restore_flags(state, flags, size, 0);
    return {};
}

}  // namespace

Checked<void> execute_iret(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = operand_bytes(in);
    if (state.nmi_blocked != 0) unblock_nmi(state);
    if (!state.protected_mode()) return return_real(system, size);
    if ((state.rflags & x86::rflags::NT) != 0) {
        if (state.long_mode()) return general_protection();
        return not_there(system, Missing::TaskReturn, undefined_opcode());
    }
    const bool always_stack = state.code64();
    Frame frame = GUEST_TRY(read_frame(system, always_stack ? 5 : 3, size));
    if (!state.long_mode() && (frame.flags & x86::rflags::VM) != 0 && state.cpl == 0 && size == 4) {
        return not_there(system, Missing::Virtual8086, undefined_opcode());
    }
    const auto cs = static_cast<std::uint16_t>(frame.cs);
    const ReturnTarget target = GUEST_TRY(check_return(system, cs, frame.rip));
    const bool outer = target.cpl > state.cpl;
    const unsigned old_cpl = state.cpl;
    if (!always_stack && !outer) {
        drop(state, 3 * size);
        commit_return(state, target);
        restore_flags(state, frame.flags, size, old_cpl);
        return {};
    }
    if (!always_stack) frame = GUEST_TRY(read_frame(system, 5, size));
    const ReturnStack stack = GUEST_TRY(check_return_stack(system, static_cast<std::uint16_t>(frame.ss), target));
    commit_return(state, target);
    commit_return_stack(state, stack, frame.rsp);
    restore_flags(state, frame.flags, size, old_cpl);
    return {};
}

}  // namespace hospes::translator
