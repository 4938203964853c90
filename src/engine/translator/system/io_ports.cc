// IN, OUT, INS, OUTS and the I/O permission bitmap (SDM volume 1, chapter 19).
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

using namespace x86;

constexpr unsigned kIoBase = 102;  // where both the 32-bit and the 64-bit TSS have the bitmap's offset

// Reads `size` bytes at `offset` of the TSS; #GP(0) beyond its limit.
Checked<std::uint64_t> read_tss(System& system, unsigned offset, unsigned size) {
    const GuestState& state = system.state();
    if (offset + size - 1 > state.tr.limit) return general_protection();
    return read_value(system.mmu, state.tr.base + offset, size, implicit_class(state));
}

Checked<void> check_permission(System& system, std::uint16_t port, unsigned size) {
    const GuestState& state = system.state();
    const unsigned iopl = (state.rflags & rflags::IOPL) >> 12;
    if (!state.protected_mode() || state.cpl <= iopl) return {};
    const unsigned type = state.tr.type() & ~2u;  // busy or not
    if (state.tr.is_code_or_data() || type != 9) return general_protection();
    const auto base = static_cast<unsigned>(GUEST_TRY(read_tss(system, kIoBase, 2)));
    // Always two bytes: the ports may lie across a byte's end.
    const std::uint64_t bits = GUEST_TRY(read_tss(system, base + port / 8u, 2));
    const std::uint64_t wanted = ((1ull << size) - 1) << (port & 7);
    if ((bits & wanted) != 0) return general_protection();
    return {};
}

// After an access, or the iteration that made it: what it hit traps next, with RF as of an instruction that has ended.
void note_breakpoints(System& system, unsigned hits) {
    if (hits == 0) return;
    system.ports_hit |= hits;
    system.state().rflags &= ~rflags::RF;
}

std::uint16_t port_of(const GuestState& state, const ZydisDecodedOperand& operand) {
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) return static_cast<std::uint16_t>(operand.imm.value.u & 0xff);
    return static_cast<std::uint16_t>(state.gpr[RDX]);
}

// One INS or OUTS, with or without REP.
struct StringIo {
    std::uint16_t port = 0;
    unsigned size = 0;   // of an element
    unsigned width = 0;  // of the address registers
    SegmentRegister segment = ES;
};

// Either repeat prefix repeats.
bool is_repeated(const DecodedInstruction& in) {
    for (unsigned i = 0; i < in.info.raw.prefix_count; ++i) {
        const std::uint8_t prefix = in.info.raw.prefixes[i].value;
        if (prefix == 0xf2 || prefix == 0xf3) return true;
    }
    return false;
}

Checked<void> input_element(System& system, const StringIo& io) {
    const GuestState& state = system.state();
    const std::uint64_t offset = get_gpr(state, RDI, io.width);
    const Gva address = GUEST_TRY(linear_address(state, io.segment, offset, io.size, Intent::Write));
    // What the port gives must not be lost to a page fault.
    GUEST_TRY(check_write(system.mmu, address, io.size, state.access_class()));
    const std::uint32_t value = system.host().port_read(io.port, io.size);
    return write_value(system.mmu, address, value, io.size, state.access_class());
}

Checked<void> output_element(System& system, const StringIo& io) {
    const GuestState& state = system.state();
    const std::uint64_t offset = get_gpr(state, RSI, io.width);
    const Gva address = GUEST_TRY(linear_address(state, io.segment, offset, io.size, Intent::Read));
    const std::uint64_t value = GUEST_TRY(read_value(system.mmu, address, io.size, state.access_class()));
    system.host().port_write(io.port, static_cast<std::uint32_t>(value), io.size);
    return {};
}

StringIo string_io(const GuestState& state, const DecodedInstruction& in) {
    StringIo io;
    io.port = static_cast<std::uint16_t>(state.gpr[RDX]);
    io.width = address_bytes(in);
    const unsigned memory = in.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY ? 0 : 1;
    io.size = in.operands[memory].size / 8u;
    io.segment = segment_number(in.operands[memory].mem.segment);
    return io;
}

// All elements, or as many as there are before somebody wants attention or a trap is due.
Checked<void> move_elements(System& system, const DecodedInstruction& in, Gpr pointer,
                            Checked<void> (*move)(System& system, const StringIo& io)) {
    GuestState& state = system.state();
    const StringIo io = string_io(state, in);
    GUEST_TRY(check_permission(system, io.port, io.size));
    const bool repeated = is_repeated(in);
    const bool down = (state.rflags & rflags::DF) != 0;
    const unsigned hits = port_breakpoints(state, io.port, io.size);
    const bool one_only = (state.rflags & rflags::TF) != 0 || hits != 0;
    for (;;) {
        const std::uint64_t left = get_gpr(state, RCX, io.width);
        if (repeated && left == 0) return advance(state, in);
        GUEST_TRY(move(system, io));
        note_breakpoints(system, hits);
        const std::uint64_t at = state.gpr[pointer];
        set_gpr(state, pointer, down ? at - io.size : at + io.size, io.width);
        if (!repeated) return advance(state, in);
        set_gpr(state, RCX, left - 1, io.width);
        if (left == 1) return advance(state, in);
        if (!one_only && state.attention.load(std::memory_order_relaxed) == 0) continue;
        state.rflags |= rflags::RF;
        return {};
    }
}

}  // namespace

Checked<void> execute_in(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = in.operands[0].size / 8u;
    const std::uint16_t port = port_of(state, in.operands[1]);
    GUEST_TRY(check_permission(system, port, size));
    write_register(state, in.operands[0].reg.value, system.host().port_read(port, size));
    note_breakpoints(system, port_breakpoints(state, port, size));
    return advance(state, in);
}

Checked<void> execute_out(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const unsigned size = in.operands[1].size / 8u;
    const std::uint16_t port = port_of(state, in.operands[0]);
    GUEST_TRY(check_permission(system, port, size));
    const std::uint64_t value = read_register(state, in.operands[1].reg.value);
    system.host().port_write(port, static_cast<std::uint32_t>(value), size);
    note_breakpoints(system, port_breakpoints(state, port, size));
    return advance(state, in);
}

Checked<void> execute_ins(System& system, const DecodedInstruction& in) {
    return move_elements(system, in, RDI, input_element);
}

Checked<void> execute_outs(System& system, const DecodedInstruction& in) {
    return move_elements(system, in, RSI, output_element);
}

}  // namespace hospes::translator
