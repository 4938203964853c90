#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

struct Place {
    unsigned index;
    unsigned bytes;
    bool high;
};

// Zydis numbers the registers of each size in encoding order; the 8-bit ones have AH..BH before SPL.
Place place_of(ZydisRegister reg) {
    if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15) {
        return {static_cast<unsigned>(reg - ZYDIS_REGISTER_RAX), 8, false};
    }
    if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D) {
        return {static_cast<unsigned>(reg - ZYDIS_REGISTER_EAX), 4, false};
    }
    if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15W) {
        return {static_cast<unsigned>(reg - ZYDIS_REGISTER_AX), 2, false};
    }
    if (reg <= ZYDIS_REGISTER_BL) return {static_cast<unsigned>(reg - ZYDIS_REGISTER_AL), 1, false};
    if (reg <= ZYDIS_REGISTER_BH) return {static_cast<unsigned>(reg - ZYDIS_REGISTER_AH), 1, true};
    return {static_cast<unsigned>(reg - ZYDIS_REGISTER_SPL) + x86::RSP, 1, false};
}
static_assert(ZYDIS_REGISTER_BH - ZYDIS_REGISTER_AL == 7 && ZYDIS_REGISTER_R15B - ZYDIS_REGISTER_SPL == 11);
static_assert(ZYDIS_REGISTER_R15 - ZYDIS_REGISTER_RAX == 15 && ZYDIS_REGISTER_GS - ZYDIS_REGISTER_ES == 5);

[[gnu::always_inline]] inline GuestFault segment_violation(x86::SegmentRegister segment) {
    return segment == x86::SS ? stack_fault() : general_protection();
}

Checked<Gva> legacy_linear(const GuestState& state, x86::SegmentRegister number, std::uint64_t offset, unsigned size,
                           Intent intent) {
    const x86::Segment& segment = state.segments[number];
    const bool code = (segment.type() & 8) != 0;
    const bool second = (segment.type() & 2) != 0;  // data: writable; code: readable
    if (state.protected_mode()) {
        if (segment.unusable()) return segment_violation(number);
        if (intent == Intent::Write ? code || !second : code && !second) return segment_violation(number);
    }
    const std::uint64_t last = offset + size - 1;
    if (!code && (segment.type() & 4) != 0 && segment.is_code_or_data()) {  // expands down
        const std::uint64_t top = segment.default_big() ? 0xffff'ffff : 0xffff;
        if (offset <= segment.limit || last > top) return segment_violation(number);
    } else if (last > segment.limit) {
        return segment_violation(number);
    }
    return (segment.base + offset) & 0xffff'ffff;
}

}  // namespace

std::uint64_t read_register(const GuestState& state, ZydisRegister reg) {
    const Place place = place_of(reg);
    return (state.gpr[place.index] >> (place.high ? 8 : 0)) & size_mask(place.bytes);
}

void write_register(GuestState& state, ZydisRegister reg, std::uint64_t value) {
    const Place place = place_of(reg);
    if (place.high) {
        state.gpr[place.index] = (state.gpr[place.index] & ~0xff00ull) | (value & 0xff) << 8;
    } else {
        set_gpr(state, place.index, value, place.bytes);
    }
}

x86::SegmentRegister segment_number(ZydisRegister reg) {
    if (reg < ZYDIS_REGISTER_ES || reg > ZYDIS_REGISTER_GS) return x86::DS;
    return static_cast<x86::SegmentRegister>(reg - ZYDIS_REGISTER_ES);
}

Checked<void> check_near_target(const GuestState& state, std::uint64_t target) {
    const bool good = state.code64() ? is_canonical(target) : target <= state.segments[x86::CS].limit;
    if (!good) return general_protection();
    return {};
}

Checked<Gva> linear_address(const GuestState& state, x86::SegmentRegister segment, std::uint64_t offset, unsigned size,
                            Intent intent, Gva alignment_mask) {
    Gva address = 0;
    if (!state.code64()) {
        address = GUEST_TRY(legacy_linear(state, segment, offset, size, intent));
    } else {
        address = segment >= x86::FS ? state.segments[segment].base + offset : offset;
        if (!is_canonical(address) || !is_canonical(address + size - 1)) return segment_violation(segment);
    }
    GUEST_TRY(check_alignment(state, address, alignment_mask));
    return address;
}

std::uint64_t effective_address(const GuestState& state, const DecodedInstruction& in,
                                const ZydisDecodedOperand& operand) {
    const ZydisDecodedOperandMem& mem = operand.mem;
    std::uint64_t address =
        mem.disp.has_displacement || mem.disp.value != 0 ? static_cast<std::uint64_t>(mem.disp.value) : 0;
    if (mem.base == ZYDIS_REGISTER_RIP || mem.base == ZYDIS_REGISTER_EIP) {
        address += next_rip(state, in);
    } else if (mem.base != ZYDIS_REGISTER_NONE) {
        address += read_register(state, mem.base);
    }
    if (mem.index != ZYDIS_REGISTER_NONE && mem.type != ZYDIS_MEMOP_TYPE_MIB) {
        address += read_register(state, mem.index) * mem.scale;
    }
    return address & size_mask(address_bytes(in));
}

Checked<Gva> operand_address(const GuestState& state, const DecodedInstruction& in, unsigned index, unsigned size,
                             Intent intent, Gva alignment_mask) {
    const ZydisDecodedOperand& operand = in.operands[index];
    return linear_address(state, segment_number(operand.mem.segment), effective_address(state, in, operand), size,
                          intent, alignment_mask);
}

Checked<std::uint64_t> read_operand(System& system, const DecodedInstruction& in, unsigned index) {
    const ZydisDecodedOperand& operand = in.operands[index];
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) return read_register(system.state(), operand.reg.value);
    if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) return std::uint64_t{operand.imm.value.u};
    const unsigned size = operand.size / 8u;
    const Gva address = GUEST_TRY(operand_address(system.state(), in, index, size, Intent::Read));
    return read_value(system.mmu, address, size, system.state().access_class());
}

Checked<void> write_operand(System& system, const DecodedInstruction& in, unsigned index, std::uint64_t value) {
    const ZydisDecodedOperand& operand = in.operands[index];
    if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        write_register(system.state(), operand.reg.value, value);
        return {};
    }
    const unsigned size = operand.size / 8u;
    const Gva address = GUEST_TRY(operand_address(system.state(), in, index, size, Intent::Write));
    return write_value(system.mmu, address, value, size, system.state().access_class());
}

Checked<void> push_bytes(System& system, const void* from, unsigned size) {
    GuestState& state = system.state();
    const unsigned width = stack_bytes(state);
    const std::uint64_t top = (state.gpr[x86::RSP] - size) & size_mask(width);
    const Gva address = GUEST_TRY(linear_address(state, x86::SS, top, size, Intent::Write));
    GUEST_TRY(write_memory(system.mmu, address, from, size, state.access_class()));
    set_gpr(state, x86::RSP, top, width);
    return {};
}

Checked<void> push_value(System& system, std::uint64_t value, unsigned size) {
    return push_bytes(system, &value, size);
}

Checked<void> peek_bytes(System& system, unsigned offset, void* to, unsigned size) {
    const GuestState& state = system.state();
    const std::uint64_t from = (state.gpr[x86::RSP] + offset) & size_mask(stack_bytes(state));
    const Gva address = GUEST_TRY(linear_address(state, x86::SS, from, size, Intent::Read));
    return read_memory(system.mmu, address, to, size, state.access_class());
}

Checked<std::uint64_t> peek_value(System& system, unsigned offset, unsigned size) {
    std::uint64_t value = 0;
    GUEST_TRY(peek_bytes(system, offset, &value, size));
    return value;
}

void set_subtract_flags(GuestState& state, std::uint64_t left, std::uint64_t right, unsigned size) {
    const std::uint64_t mask = size_mask(size);
    const std::uint64_t sign = 1ull << (size * 8 - 1);
    left &= mask;
    right &= mask;
    const std::uint64_t result = (left - right) & mask;
    std::uint64_t flags = 0;
    if (left < right) flags |= x86::rflags::CF;
    if (((left ^ right) & (left ^ result) & sign) != 0) flags |= x86::rflags::OF;
    if (result == 0) flags |= x86::rflags::ZF;
    if ((result & sign) != 0) flags |= x86::rflags::SF;
    if (((left ^ right ^ result) & 0x10) != 0) flags |= x86::rflags::AF;
    unsigned parity = static_cast<unsigned>(result & 0xff);
    parity ^= parity >> 4;
    if (((0x9669u >> (parity & 0xf)) & 1) != 0) flags |= x86::rflags::PF;
    state.rflags = (state.rflags & ~x86::rflags::kStatus) | flags;
}

}  // namespace hospes::translator
