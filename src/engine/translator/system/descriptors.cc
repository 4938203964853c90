#include "engine/translator/system/descriptors.h"

namespace hospes::translator {

namespace {

// DS, ES, FS, GS with a selector that is not null.
Checked<void> load_data_segment(System& system, x86::SegmentRegister number, std::uint16_t selector) {
    GuestState& state = system.state();
    Descriptor descriptor = GUEST_TRY(read_descriptor(system, selector, x86::GP));
    const bool code = descriptor.is_code();
    if (!descriptor.is_code_or_data() || (code && (descriptor.type() & 2) == 0)) {
        return selector_fault(x86::GP, selector);
    }
    if (!(code && descriptor.conforming()) && (rpl(selector) > descriptor.dpl() || state.cpl > descriptor.dpl())) {
        return selector_fault(x86::GP, selector);
    }
    if (!descriptor.present()) return selector_fault(x86::NP, selector);
    GUEST_TRY(mark_accessed(system, descriptor));
    set_segment(state, number, descriptor.segment());
    return {};
}

Checked<void> load_stack_segment(System& system, std::uint16_t selector) {
    GuestState& state = system.state();
    if (is_null(selector)) {
        if (!state.code64() || state.cpl == 3 || rpl(selector) != state.cpl) return general_protection();
        set_null_segment(state, x86::SS, selector);
        return {};
    }
    Descriptor descriptor = GUEST_TRY(check_stack_segment(system, selector, state.cpl, x86::GP, 0));
    GUEST_TRY(mark_accessed(system, descriptor));
    set_segment(state, x86::SS, descriptor.segment());
    return {};
}

Checked<std::uint64_t> read_tss(System& system, unsigned offset, unsigned size, std::uint32_t external) {
    const x86::Segment& tr = system.state().tr;
    if (offset + size - 1 > tr.limit) return selector_fault(x86::TS, tr.selector, external);
    return read_value(system.mmu, tr.base + offset, size, implicit_class(system.state()));
}

}  // namespace

Checked<Descriptor> read_descriptor(System& system, std::uint16_t selector, std::uint8_t vector,
                                    std::uint32_t external) {
    const GuestState& state = system.state();
    const bool local = (selector & 4) != 0;
    const std::uint64_t limit = local ? state.ldtr.limit : state.gdtr.limit;
    const unsigned offset = selector & 0xfff8u;
    if ((local && state.ldtr.unusable()) || offset + 7 > limit) return selector_fault(vector, selector, external);
    Descriptor result;
    result.where = (local ? state.ldtr.base : state.gdtr.base) + offset;
    result.selector = selector;
    result.low = GUEST_TRY(read_value(system.mmu, result.where, 8, implicit_class(state)));
    return result;
}

Checked<Descriptor> read_system_descriptor(System& system, std::uint16_t selector, std::uint8_t vector,
                                           std::uint32_t external) {
    const GuestState& state = system.state();
    Descriptor result = GUEST_TRY(read_descriptor(system, selector, vector, external));
    if (!state.long_mode()) return result;
    const std::uint64_t limit = (selector & 4) != 0 ? state.ldtr.limit : state.gdtr.limit;
    if ((selector & 0xfff8u) + 15 > limit) return selector_fault(vector, selector, external);
    result.high = GUEST_TRY(read_value(system.mmu, result.where + 8, 8, implicit_class(state)));
    return result;
}

Checked<void> mark_accessed(System& system, Descriptor& descriptor) {
    if ((descriptor.type() & 1) != 0) return {};
    descriptor.low |= 1ull << 40;
    const Gva where = descriptor.where + 5;
    const AccessClass access_class = implicit_class(system.state());
    std::byte* const host = GUEST_TRY(map_memory(system.mmu, where, 1, Access::Write, access_class));
    if (host == nullptr) return write_value(system.mmu, where, descriptor.low >> 40 & 0xff, 1, access_class);
    __atomic_fetch_or(reinterpret_cast<std::uint8_t*>(host), 1, __ATOMIC_SEQ_CST);  // others may be at the same byte
    return {};
}

Checked<void> load_segment(System& system, x86::SegmentRegister number, std::uint16_t selector) {
    GuestState& state = system.state();
    if (!state.protected_mode()) {
        set_real_segment(state, number, selector);
        return {};
    }
    if (number == x86::SS) return load_stack_segment(system, selector);
    if (is_null(selector)) {
        set_null_segment(state, number, selector);
        return {};
    }
    return load_data_segment(system, number, selector);
}

Checked<Descriptor> check_stack_segment(System& system, std::uint16_t selector, unsigned cpl, std::uint8_t vector,
                                        std::uint32_t external) {
    if (is_null(selector)) return GuestFault{vector, true, external, 0};
    const Descriptor descriptor = GUEST_TRY(read_descriptor(system, selector, vector, external));
    if (rpl(selector) != cpl || descriptor.dpl() != cpl || !descriptor.is_writable_data()) {
        return selector_fault(vector, selector, external);
    }
    if (!descriptor.present()) return selector_fault(x86::SS_, selector, external);
    return descriptor;
}

Checked<InnerStack> read_inner_stack(System& system, unsigned cpl, std::uint32_t external) {
    InnerStack result;
    if (system.state().long_mode()) {
        result.pointer = GUEST_TRY(read_tss(system, 4 + 8 * cpl, 8, external));
        return result;
    }
    if ((system.state().tr.type() & 8) == 0) {  // 16-bit TSS
        result.pointer = GUEST_TRY(read_tss(system, 2 + 4 * cpl, 2, external));
        result.selector = static_cast<std::uint16_t>(GUEST_TRY(read_tss(system, 4 + 4 * cpl, 2, external)));
        return result;
    }
    result.pointer = GUEST_TRY(read_tss(system, 4 + 8 * cpl, 4, external));
    result.selector = static_cast<std::uint16_t>(GUEST_TRY(read_tss(system, 8 + 8 * cpl, 2, external)));
    return result;
}

Checked<std::uint64_t> read_ist(System& system, unsigned index, std::uint32_t external) {
    return read_tss(system, 0x24 + 8 * (index - 1), 8, external);
}

void drop_inner_segments(GuestState& state) {
    for (const x86::SegmentRegister number : {x86::ES, x86::DS, x86::FS, x86::GS}) {
        x86::Segment& segment = state.segments[number];
        if (segment.unusable()) continue;
        const bool conforming_code = (segment.type() & 0xc) == 0xc;
        if (conforming_code || segment.dpl() >= state.cpl) continue;
        segment.selector = 0;
        segment.attributes = 0;
    }
}

}  // namespace hospes::translator
