// Segment descriptors: reading them from the guest's tables and loading segment registers (SDM volume 3, 3.4 and 5).
// All of it is hot code.
#pragma once

#include "engine/translator/system/operands.h"

namespace hospes::translator {

// A descriptor as it lies in the GDT or LDT.
struct Descriptor {
    std::uint64_t low = 0;
    std::uint64_t high = 0;  // of 16-byte system descriptors
    Gva where = 0;
    std::uint16_t selector = 0;

    [[gnu::always_inline]] unsigned type() const { return (low >> 40) & 0xf; }
    [[gnu::always_inline]] bool is_code_or_data() const { return ((low >> 44) & 1) != 0; }
    [[gnu::always_inline]] unsigned dpl() const { return (low >> 45) & 3; }
    [[gnu::always_inline]] bool present() const { return ((low >> 47) & 1) != 0; }
    [[gnu::always_inline]] bool is_code() const { return is_code_or_data() && (type() & 8) != 0; }
    [[gnu::always_inline]] bool conforming() const { return (type() & 4) != 0; }
    [[gnu::always_inline]] bool is_writable_data() const {
        return is_code_or_data() && (type() & 8) == 0 && (type() & 2) != 0;
    }
    [[gnu::always_inline]] bool long_code() const { return ((low >> 53) & 1) != 0; }
    [[gnu::always_inline]] bool default_big() const { return ((low >> 54) & 1) != 0; }
    [[gnu::always_inline]] x86::Segment segment() const {
        x86::Segment result;
        result.base = ((low >> 16) & 0xff'ffff) | ((low >> 32) & 0xff00'0000) | (high & 0xffff'ffff) << 32;
        const auto limit = static_cast<std::uint32_t>((low & 0xffff) | ((low >> 32) & 0xf'0000));
        result.limit = ((low >> 55) & 1) != 0 ? limit << 12 | 0xfff : limit;
        result.selector = selector;
        result.attributes = static_cast<std::uint16_t>((low >> 40) & 0xf0ff);
        return result;
    }
};

[[gnu::always_inline]] inline bool is_null(std::uint16_t selector) { return (selector & 0xfffc) == 0; }
[[gnu::always_inline]] inline unsigned rpl(std::uint16_t selector) { return selector & 3u; }

// A fault whose error code names a selector; `external` is 1 while an event from outside the program is delivered.
[[gnu::always_inline]] inline GuestFault selector_fault(std::uint8_t vector, std::uint16_t selector,
                                                        std::uint32_t external = 0) {
    return {vector, true, (selector & 0xfffcu) | external, 0};
}

// Reads the 8 bytes that `selector` names; fault `vector` (selector) if they lie beyond the table.
Checked<Descriptor> read_descriptor(System& system, std::uint16_t selector, std::uint8_t vector,
                                    std::uint32_t external = 0);
// Completes a system descriptor: in long mode they have 16 bytes.
Checked<Descriptor> read_system_descriptor(System& system, std::uint16_t selector, std::uint8_t vector,
                                           std::uint32_t external = 0);
// Sets the accessed bit of a code or data descriptor, in `descriptor` too.
Checked<void> mark_accessed(System& system, Descriptor& descriptor);

[[gnu::always_inline]] inline void set_segment(GuestState& state, x86::SegmentRegister number,
                                               const x86::Segment& segment) {
    state.segments[number] = segment;
    state.segment_base[number] = segment.base;
    const bool all_writable = segment.is_code_or_data() && (segment.type() & 0xe) == 2;  // data, does not expand down
    state.segment_guard[number] = all_writable && segment.limit == 0xffff'ffff ? 0 : kSegmentGuard;
}
// A null selector: unusable, base 0 as on processors that clear it.
[[gnu::always_inline]] inline void set_null_segment(GuestState& state, x86::SegmentRegister number,
                                                    std::uint16_t selector) {
    x86::Segment null;
    null.selector = selector;
    set_segment(state, number, null);
}

// Real mode: the base follows the selector, the rest of the descriptor cache stays as it is.
[[gnu::always_inline]] inline void set_real_segment(GuestState& state, x86::SegmentRegister number,
                                                    std::uint16_t selector) {
    x86::Segment segment = state.segments[number];
    segment.selector = selector;
    segment.base = static_cast<std::uint64_t>(selector) << 4;
    set_segment(state, number, segment);
}
// The end of a far transfer there.
[[gnu::always_inline]] inline void enter_real_code(GuestState& state, std::uint16_t selector, std::uint64_t offset) {
    set_real_segment(state, x86::CS, selector);
    state.rip = offset;
}

// MOV, POP, LxS to a segment register: all checks, then the load.
Checked<void> load_segment(System& system, x86::SegmentRegister number, std::uint16_t selector);

// A stack segment for privilege level `cpl`, from a TSS or a return frame: #TS or #GP (`vector`) and #SS.
Checked<Descriptor> check_stack_segment(System& system, std::uint16_t selector, unsigned cpl, std::uint8_t vector,
                                        std::uint32_t external);

// The stack for a change to the more privileged level `cpl` in the current TSS (SDM volume 3, 7.2.1 and 7.7).
struct InnerStack {
    std::uint64_t pointer = 0;
    std::uint16_t selector = 0;  // 32-bit TSS only
};
Checked<InnerStack> read_inner_stack(System& system, unsigned cpl, std::uint32_t external);
// An entry of the 64-bit TSS's interrupt stack table, 1 to 7.
Checked<std::uint64_t> read_ist(System& system, unsigned index, std::uint32_t external);

// Data segment registers that the new, less privileged level must not keep (RET, IRET).
void drop_inner_segments(GuestState& state);

// Whether a selector names flat segments' shape that SYSCALL and kin load without looking at tables.
[[gnu::always_inline]] inline x86::Segment flat_segment(std::uint16_t selector, std::uint16_t attributes) {
    x86::Segment segment;
    segment.limit = 0xffff'ffff;
    segment.selector = selector;
    segment.attributes = attributes;
    return segment;
}

}  // namespace hospes::translator
