// Exceptions and interrupts through the IDT (SDM volume 3, 6.12 to 6.14; volume 2, INT n, "Operation").
#include "engine/translator/system/delivery.h"

#include "engine/translator/system/descriptors.h"
#include "engine/translator/system/missing.h"
#include "x86/debug_registers.h"

namespace hospes::translator {

namespace {

// An interrupt, trap or task gate.
struct Gate {
    std::uint64_t offset = 0;
    std::uint16_t selector = 0;
    unsigned type = 0;  // with the S bit as bit 4
    unsigned dpl = 0;
    unsigned ist = 0;
    bool present = false;

    bool wide() const { return (type & 8) != 0; }
    bool trap() const { return (type & 1) != 0; }
};

// Where the handler runs.
struct Target {
    Descriptor code;
    unsigned cpl = 0;
};

[[gnu::always_inline]] inline GuestFault gate_fault(std::uint8_t vector, const Event& event) {
    return {vector, true, event.vector * 8u + 2u + event.external, 0};
}

Checked<Gate> read_gate(System& system, const Event& event) {
    const GuestState& state = system.state();
    const unsigned size = state.long_mode() ? 16 : 8;
    const unsigned offset = event.vector * size;
    if (offset + size - 1 > state.idtr.limit) return gate_fault(x86::GP, event);
    std::uint64_t words[2] = {};
    GUEST_TRY(read_memory(system.mmu, state.idtr.base + offset, words, size, implicit_class(state)));
    Gate gate;
    gate.offset = (words[0] & 0xffff) | ((words[0] >> 32) & 0xffff'0000) | words[1] << 32;
    gate.selector = static_cast<std::uint16_t>(words[0] >> 16);
    gate.type = (words[0] >> 40) & 0x1f;
    gate.dpl = (words[0] >> 45) & 3;
    gate.ist = state.long_mode() ? (words[0] >> 32) & 7 : 0;
    gate.present = ((words[0] >> 47) & 1) != 0;
    const bool known = gate.type == 0xe || gate.type == 0xf ||
                       (!state.long_mode() && (gate.type == 5 || gate.type == 6 || gate.type == 7));
    if (!known) return gate_fault(x86::GP, event);
    if (event.software && gate.dpl < state.cpl) return gate_fault(x86::GP, event);
    if (!gate.present) return gate_fault(x86::NP, event);
    if (!state.long_mode() && !gate.wide()) gate.offset &= 0xffff;
    return gate;
}

Checked<Target> find_target(System& system, const Gate& gate, const Event& event) {
    const GuestState& state = system.state();
    if (is_null(gate.selector)) return general_protection(event.external);
    Target target;
    target.code = GUEST_TRY(read_descriptor(system, gate.selector, x86::GP, event.external));
    const Descriptor& code = target.code;
    if (!code.is_code() || code.dpl() > state.cpl) return selector_fault(x86::GP, gate.selector, event.external);
    if (state.long_mode() && (!code.long_code() || code.default_big())) {
        return selector_fault(x86::GP, gate.selector, event.external);
    }
    if (!code.present()) return selector_fault(x86::NP, gate.selector, event.external);
    target.cpl = code.conforming() ? state.cpl : code.dpl();
    return target;
}

// The last step, after all that can fault.
void enter(GuestState& state, const Gate& gate, const Target& target) {
    x86::Segment code = target.code.segment();
    code.selector = static_cast<std::uint16_t>((gate.selector & ~3u) | target.cpl);
    set_segment(state, x86::CS, code);
    state.cpl = static_cast<std::uint8_t>(target.cpl);
    state.rip = gate.offset;
    state.rflags &= ~(x86::rflags::TF | x86::rflags::NT | x86::rflags::RF | x86::rflags::VM);
    if (!gate.trap()) state.interrupt_flag = 0;
    state.interrupt_shadow = 0;
    state.halted = 0;
}

[[gnu::always_inline]] inline std::uint64_t pushed_flags(const GuestState& state, const Event& event) {
    return state.full_rflags() | (event.resume ? x86::rflags::RF : 0);
}

// Writes a frame that the processor pushes from the top, slot by slot: a fault is at the first slot that cannot be
// written.
Checked<void> write_frame(System& system, Gva top, const void* frame, unsigned size, unsigned slot,
                          AccessClass access_class) {
    const Checked<void> written = write_memory(system.mmu, top, frame, size, access_class);
    if (written.ok()) return {};
    for (unsigned at = size; at != 0; at -= slot) {
        GUEST_TRY(check_write(system.mmu, top + at - slot, slot, access_class));
    }
    return written.fault();
}

Checked<void> deliver_long(System& system, const Event& event) {
    GuestState& state = system.state();
    const Gate gate = GUEST_TRY(read_gate(system, event));
    Target target = GUEST_TRY(find_target(system, gate, event));
    const bool inner = target.cpl < state.cpl;
    std::uint64_t stack = state.gpr[x86::RSP];
    if (gate.ist != 0) {
        stack = GUEST_TRY(read_ist(system, gate.ist, event.external));
    } else if (inner) {
        stack = GUEST_TRY(read_inner_stack(system, target.cpl, event.external)).pointer;
    }
    stack &= ~15ull;
    const unsigned size = event.has_error_code ? 48 : 40;
    const std::uint64_t top = stack - size;
    if (!is_canonical(top) || !is_canonical(stack - 1)) return stack_fault(event.external);
    if (!is_canonical(gate.offset)) return general_protection(event.external);
    const std::uint64_t frame[6] = {
        event.error_code,           event.return_rip,    state.segments[x86::CS].selector,
        pushed_flags(state, event), state.gpr[x86::RSP], state.segments[x86::SS].selector,
    };
    GUEST_TRY(mark_accessed(system, target.code));
    GUEST_TRY(write_frame(system, top, event.has_error_code ? frame : frame + 1, size, 8,
                          inner ? implicit_class(state) : state.access_class()));
    state.gpr[x86::RSP] = top;
    if (inner) set_null_segment(state, x86::SS, static_cast<std::uint16_t>(target.cpl));
    enter(state, gate, target);
    return {};
}

// `count` values of a gate's width as they lie on the stack.
unsigned pack_frame(std::uint8_t* to, const std::uint64_t* values, unsigned count, unsigned width) {
    for (unsigned i = 0; i < count; ++i) {
        if (width == 4) {
            const auto value = static_cast<std::uint32_t>(values[i]);
            __builtin_memcpy(to + 4 * i, &value, 4);
        } else {
            const auto value = static_cast<std::uint16_t>(values[i]);
            __builtin_memcpy(to + 2 * i, &value, 2);
        }
    }
    return count * width;
}

// Whether [top, top + size) lies within the stack segment that is about to be loaded.
bool within_limit(const x86::Segment& segment, std::uint64_t top, unsigned size) {
    const std::uint64_t last = top + size - 1;
    if ((segment.type() & 4) == 0) return last <= segment.limit;
    return top > segment.limit && last <= (segment.default_big() ? 0xffff'ffffull : 0xffffull);
}

Checked<void> deliver_inner_legacy(System& system, const Event& event, const Gate& gate, Target& target) {
    GuestState& state = system.state();
    const InnerStack inner = GUEST_TRY(read_inner_stack(system, target.cpl, event.external));
    Descriptor stack = GUEST_TRY(check_stack_segment(system, inner.selector, target.cpl, x86::TS, event.external));
    const x86::Segment segment = stack.segment();
    const std::uint64_t values[6] = {
        event.error_code,           event.return_rip,    state.segments[x86::CS].selector,
        pushed_flags(state, event), state.gpr[x86::RSP], state.segments[x86::SS].selector,
    };
    std::uint8_t frame[24];
    const unsigned first = event.has_error_code ? 0 : 1;
    const unsigned size = pack_frame(frame, values + first, 6 - first, gate.wide() ? 4 : 2);
    const unsigned width = segment.default_big() ? 4 : 2;
    const std::uint64_t top = (inner.pointer - size) & size_mask(width);
    if (!within_limit(segment, top, size)) return selector_fault(x86::SS_, inner.selector, event.external);
    if (gate.offset > target.code.segment().limit) return general_protection(event.external);
    GUEST_TRY(mark_accessed(system, stack));
    GUEST_TRY(mark_accessed(system, target.code));
    GUEST_TRY(write_frame(system, (segment.base + top) & 0xffff'ffff, frame, size, gate.wide() ? 4 : 2,
                          implicit_class(state)));
    set_segment(state, x86::SS, stack.segment());
    set_gpr(state, x86::RSP, top, width);
    enter(state, gate, target);
    return {};
}

Checked<void> deliver_same_legacy(System& system, const Event& event, const Gate& gate, Target& target) {
    GuestState& state = system.state();
    const std::uint64_t values[4] = {
        event.error_code,
        event.return_rip,
        state.segments[x86::CS].selector,
        pushed_flags(state, event),
    };
    std::uint8_t frame[16];
    const unsigned first = event.has_error_code ? 0 : 1;
    const unsigned size = pack_frame(frame, values + first, 4 - first, gate.wide() ? 4 : 2);
    if (gate.offset > target.code.segment().limit) return general_protection(event.external);
    const Checked<void> pushed = push_bytes(system, frame, size);
    if (!pushed.ok()) {
        GuestFault fault = pushed.fault();
        if (fault.vector == x86::SS_) fault.error_code |= event.external;
        return fault;
    }
    GUEST_TRY(mark_accessed(system, target.code));
    enter(state, gate, target);
    return {};
}

// Through the interrupt vector table: FLAGS, CS and IP on the stack, no error codes (SDM volume 3, 20.1.4).
Checked<void> deliver_real(System& system, const Event& event) {
    GuestState& state = system.state();
    const unsigned entry = event.vector * 4u;
    if (entry + 3 > state.idtr.limit) return gate_fault(x86::GP, event);
    const std::uint64_t handler = GUEST_TRY(read_value(system.mmu, state.idtr.base + entry, 4, implicit_class(state)));
    const std::uint64_t offset = handler & 0xffff;
    const std::uint64_t values[3] = {state.full_rflags(), state.segments[x86::CS].selector, event.return_rip};
    const std::uint64_t mask = size_mask(stack_bytes(state));
    Gva slots[3];
    for (unsigned i = 0; i < 3; ++i) {
        const std::uint64_t top = (state.gpr[x86::RSP] - 2 * (i + 1)) & mask;
        slots[i] = GUEST_TRY(linear_address(state, x86::SS, top, 2, Intent::Write));
    }
    if (offset > state.segments[x86::CS].limit) return general_protection();
    for (unsigned i = 0; i < 3; ++i) {
        GUEST_TRY(write_value(system.mmu, slots[i], values[i], 2, state.access_class()));
    }
    set_gpr(state, x86::RSP, state.gpr[x86::RSP] - 6, stack_bytes(state));
    enter_real_code(state, static_cast<std::uint16_t>(handler >> 16), offset);
    state.rflags &= ~(x86::rflags::TF | x86::rflags::AC | x86::rflags::RF);
    state.interrupt_flag = 0;
    state.interrupt_shadow = 0;
    state.halted = 0;
    return {};
}

enum class Severity : std::uint8_t { Benign, Contributory, PageFault, DoubleFault };

// SDM volume 3, table 6-4.
Severity severity(std::uint8_t vector) {
    switch (vector) {
        case x86::DE:
        case x86::TS:
        case x86::NP:
        case x86::SS_:
        case x86::GP: return Severity::Contributory;
        case x86::PF_: return Severity::PageFault;
        case x86::DF_: return Severity::DoubleFault;
        default: return Severity::Benign;
    }
}

// SDM volume 3, table 6-5.
bool makes_double_fault(Severity first, Severity second) {
    if (first == Severity::Contributory) return second == Severity::Contributory;
    return first == Severity::PageFault && (second == Severity::Contributory || second == Severity::PageFault);
}

// Delivers `event`, which came with `class_of_first`, and what its delivery raises.
Delivery deliver_all(System& system, Event event, Severity class_of_first) {
    GuestState& state = system.state();
    for (;;) {
        const Checked<void> outcome = deliver_event(system, event);
        if (outcome.ok()) return Delivery::Delivered;
        const GuestFault& fault = outcome.fault();
        if (fault.vector == kRedoCold) return Delivery::RedoCold;
        if (fault.vector == x86::PF_) state.cr2 = fault.address;
        const Severity second = severity(fault.vector);
        if (class_of_first == Severity::DoubleFault) {
            if (system.diagnosis == nullptr) system.diagnosis = "a fault while delivering #DF";
            return Delivery::TripleFault;
        }
        event = {};
        event.return_rip = state.rip;
        event.resume = true;
        event.has_error_code = fault.has_error_code;
        if (makes_double_fault(class_of_first, second)) {
            event.vector = x86::DF_;
            event.has_error_code = true;
            class_of_first = Severity::DoubleFault;
        } else {
            event.vector = fault.vector;
            event.error_code = fault.error_code;
            class_of_first = second;
        }
    }
}

}  // namespace

Checked<void> deliver_event(System& system, const Event& event) {
    GuestState& state = system.state();
    if (state.long_mode()) return deliver_long(system, event);
    if (!state.protected_mode()) return deliver_real(system, event);
    const Gate gate = GUEST_TRY(read_gate(system, event));
    if (gate.type == 5) return not_there(system, Missing::TaskGate, gate_fault(x86::GP, event));
    Target target = GUEST_TRY(find_target(system, gate, event));
    if (target.cpl < state.cpl) return deliver_inner_legacy(system, event, gate, target);
    return deliver_same_legacy(system, event, gate, target);
}

Delivery deliver_fault(System& system, const GuestFault& fault) {
    GuestState& state = system.state();
    system.diagnosis = nullptr;
    if (fault.vector == x86::PF_) state.cr2 = fault.address;
    Event event;
    event.vector = fault.vector;
    event.has_error_code = fault.has_error_code;
    event.error_code = fault.error_code;
    event.return_rip = state.rip;
    event.resume = true;
    return deliver_all(system, event, severity(fault.vector));
}

Delivery deliver_interrupt(System& system, std::uint8_t vector) {
    system.diagnosis = nullptr;
    Event event;
    event.vector = vector;
    event.return_rip = system.state().rip;
    return deliver_all(system, event, Severity::Benign);
}

Delivery deliver_debug(System& system, std::uint64_t conditions) {
    GuestState& state = system.state();
    system.diagnosis = nullptr;
    state.dr6 |= conditions;
    state.dr7 &= ~x86::dr7::GD;  // so that the handler can use the registers
    Event event;
    event.vector = x86::DB;
    event.return_rip = state.rip;
    return deliver_all(system, event, Severity::Benign);
}

}  // namespace hospes::translator
