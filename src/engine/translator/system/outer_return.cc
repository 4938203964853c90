#include "engine/translator/system/outer_return.h"

namespace hospes::translator {

Checked<ReturnTarget> check_return(System& system, std::uint16_t selector, std::uint64_t rip) {
    const GuestState& state = system.state();
    if (is_null(selector)) return general_protection();
    ReturnTarget target;
    target.code = GUEST_TRY(read_descriptor(system, selector, x86::GP));
    const Descriptor& code = target.code;
    target.cpl = rpl(selector);
    if (!code.is_code() || target.cpl < state.cpl) return selector_fault(x86::GP, selector);
    if (code.conforming() ? code.dpl() > target.cpl : code.dpl() != target.cpl) {
        return selector_fault(x86::GP, selector);
    }
    target.long_code = state.long_mode() && code.long_code();
    if (target.long_code && code.default_big()) return selector_fault(x86::GP, selector);
    if (!code.present()) return selector_fault(x86::NP, selector);
    const bool good = target.long_code ? is_canonical(rip) : rip <= code.segment().limit;
    if (!good) return general_protection();
    target.rip = rip;
    GUEST_TRY(mark_accessed(system, target.code));
    return target;
}

Checked<ReturnStack> check_return_stack(System& system, std::uint16_t selector, const ReturnTarget& target) {
    ReturnStack stack;
    stack.selector = selector;
    if (is_null(selector)) {
        if (!target.long_code || target.cpl == 3 || rpl(selector) != target.cpl) return general_protection();
        stack.null = true;
        return stack;
    }
    stack.descriptor = GUEST_TRY(check_stack_segment(system, selector, target.cpl, x86::GP, 0));
    GUEST_TRY(mark_accessed(system, stack.descriptor));
    return stack;
}

void commit_return(GuestState& state, const ReturnTarget& target) {
    set_segment(state, x86::CS, target.code.segment());
    state.rip = target.rip;
    if (target.cpl != state.cpl) {
        state.cpl = static_cast<std::uint8_t>(target.cpl);
        drop_inner_segments(state);
    }
}

void commit_return_stack(GuestState& state, const ReturnStack& stack, std::uint64_t pointer) {
    if (stack.null) {
        set_null_segment(state, x86::SS, stack.selector);
    } else {
        set_segment(state, x86::SS, stack.descriptor.segment());
    }
    set_gpr(state, x86::RSP, pointer, stack_bytes(state));
}

}  // namespace hospes::translator
