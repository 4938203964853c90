// Loads and stores of segment and descriptor-table registers.
#include "engine/translator/system/descriptors.h"
#include "engine/translator/system/handlers.h"

namespace hospes::translator {

namespace {

bool is_segment(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_ES && reg <= ZYDIS_REGISTER_GS; }
bool is_control(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_CR0 && reg <= ZYDIS_REGISTER_CR15; }
bool is_debug(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_DR0 && reg <= ZYDIS_REGISTER_DR15; }

// MOV Sreg, r/m16.
Checked<void> move_to_segment(System& system, const DecodedInstruction& in) {
    const x86::SegmentRegister number = segment_number(in.operands[0].reg.value);
    if (number == x86::CS) return undefined_opcode();
    const std::uint64_t selector = GUEST_TRY(read_operand(system, in, 1));
    GUEST_TRY(load_segment(system, number, static_cast<std::uint16_t>(selector)));
    if (number == x86::SS) system.state().interrupt_shadow = kShadowedBySs;
    return advance(system.state(), in);
}

// SGDT and friends with CR4.UMIP (SDM volume 3, 2.5).
Checked<void> check_umip(const GuestState& state) {
    if (state.cpl != 0 && (state.cr4 & x86::cr4::UMIP) != 0) return general_protection();
    return {};
}

Checked<void> load_table(System& system, const DecodedInstruction& in, x86::DescriptorTable& table) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    const unsigned size = state.code64() ? 10 : 6;
    std::uint8_t bytes[10] = {};
    const Gva address = GUEST_TRY(operand_address(state, in, 0, size, Intent::Read));
    GUEST_TRY(read_memory(system.mmu, address, bytes, size, state.access_class()));
    std::uint64_t base = 0;
    __builtin_memcpy(&base, bytes + 2, 8);
    if (!state.code64()) base &= operand_bytes(in) == 2 ? 0xff'ffffu : 0xffff'ffffu;
    if (state.code64() && !is_canonical(base)) return general_protection();
    __builtin_memcpy(&table.limit, bytes, 2);
    table.base = base;
    return advance(state, in);
}

Checked<void> store_table(System& system, const DecodedInstruction& in, const x86::DescriptorTable& table) {
    GuestState& state = system.state();
    GUEST_TRY(check_umip(state));
    const unsigned size = state.code64() ? 10 : 6;
    std::uint8_t bytes[10];
    __builtin_memcpy(bytes, &table.limit, 2);
    __builtin_memcpy(bytes + 2, &table.base, 8);
    const Gva address = GUEST_TRY(operand_address(state, in, 0, size, Intent::Write));
    GUEST_TRY(write_memory(system.mmu, address, bytes, size, state.access_class()));
    return advance(state, in);
}

// A selector to a register of the operand size or to 16 bits of memory.
Checked<void> store_selector(System& system, const DecodedInstruction& in, std::uint16_t selector) {
    const ZydisDecodedOperand& to = in.operands[0];
    if (to.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        write_register(system.state(), to.reg.value, selector);
    } else {
        const Gva address = GUEST_TRY(operand_address(system.state(), in, 0, 2, Intent::Write));
        GUEST_TRY(write_value(system.mmu, address, selector, 2, system.state().access_class()));
    }
    return advance(system.state(), in);
}

}  // namespace

Checked<void> execute_mov(System& system, const DecodedInstruction& in) {
    const ZydisDecodedOperand& to = in.operands[0];
    const ZydisDecodedOperand& from = in.operands[1];
    if (to.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        if (is_segment(to.reg.value)) return move_to_segment(system, in);
        if (is_control(to.reg.value)) return write_control_register(system, in);
        if (is_debug(to.reg.value)) return redo_cold();
    }
    if (from.type == ZYDIS_OPERAND_TYPE_REGISTER) {
        if (is_segment(from.reg.value)) {
            return store_selector(system, in, system.state().segments[segment_number(from.reg.value)].selector);
        }
        if (is_control(from.reg.value)) return read_control_register(system, in);
        if (is_debug(from.reg.value)) return redo_cold();
    }
    const std::uint64_t value = GUEST_TRY(read_operand(system, in, 1));
    GUEST_TRY(write_operand(system, in, 0, value));
    return advance(system.state(), in);
}

// LDS, LES, LSS, LFS, LGS.
Checked<void> execute_load_far_pointer(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    x86::SegmentRegister number = x86::DS;
    switch (in.info.mnemonic) {
        case ZYDIS_MNEMONIC_LES: number = x86::ES; break;
        case ZYDIS_MNEMONIC_LSS: number = x86::SS; break;
        case ZYDIS_MNEMONIC_LFS: number = x86::FS; break;
        case ZYDIS_MNEMONIC_LGS: number = x86::GS; break;
        default: break;
    }
    const unsigned size = operand_bytes(in);
    std::uint8_t bytes[16] = {};
    const Gva address = GUEST_TRY(operand_address(state, in, 1, size + 2, Intent::Read));
    GUEST_TRY(read_memory(system.mmu, address, bytes, size + 2, state.access_class()));
    std::uint64_t offset = 0;
    std::uint16_t selector = 0;
    __builtin_memcpy(&offset, bytes, 8);
    __builtin_memcpy(&selector, bytes + size, 2);
    GUEST_TRY(load_segment(system, number, selector));
    write_register(state, in.operands[0].reg.value, offset);
    return advance(state, in);
}

Checked<void> execute_lgdt(System& system, const DecodedInstruction& in) {
    return load_table(system, in, system.state().gdtr);
}

Checked<void> execute_lidt(System& system, const DecodedInstruction& in) {
    return load_table(system, in, system.state().idtr);
}

Checked<void> execute_sgdt(System& system, const DecodedInstruction& in) {
    return store_table(system, in, system.state().gdtr);
}

Checked<void> execute_sidt(System& system, const DecodedInstruction& in) {
    return store_table(system, in, system.state().idtr);
}

Checked<void> execute_sldt(System& system, const DecodedInstruction& in) {
    if (!system.state().protected_mode()) return undefined_opcode();
    GUEST_TRY(check_umip(system.state()));
    return store_selector(system, in, system.state().ldtr.selector);
}

Checked<void> execute_str(System& system, const DecodedInstruction& in) {
    if (!system.state().protected_mode()) return undefined_opcode();
    GUEST_TRY(check_umip(system.state()));
    return store_selector(system, in, system.state().tr.selector);
}

Checked<void> execute_lldt(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.protected_mode()) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const auto selector = static_cast<std::uint16_t>(GUEST_TRY(read_operand(system, in, 0)));
    if (is_null(selector)) {
        state.ldtr = {};
        state.ldtr.selector = selector;
        return advance(state, in);
    }
    if ((selector & 4) != 0) return selector_fault(x86::GP, selector);
    const Descriptor descriptor = GUEST_TRY(read_system_descriptor(system, selector, x86::GP));
    if (descriptor.is_code_or_data() || descriptor.type() != 2) return selector_fault(x86::GP, selector);
    if (!descriptor.present()) return selector_fault(x86::NP, selector);
    const x86::Segment segment = descriptor.segment();
    if (!is_canonical(segment.base)) return selector_fault(x86::GP, selector);
    state.ldtr = segment;
    return advance(state, in);
}

Checked<void> execute_ltr(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (!state.protected_mode()) return undefined_opcode();
    GUEST_TRY(require_cpl0(state));
    const auto selector = static_cast<std::uint16_t>(GUEST_TRY(read_operand(system, in, 0)));
    if (is_null(selector)) return general_protection();
    if ((selector & 4) != 0) return selector_fault(x86::GP, selector);
    const Descriptor descriptor = GUEST_TRY(read_system_descriptor(system, selector, x86::GP));
    const bool available = descriptor.type() == 9 || (descriptor.type() == 1 && !state.long_mode());
    if (descriptor.is_code_or_data() || !available) return selector_fault(x86::GP, selector);
    if (!descriptor.present()) return selector_fault(x86::NP, selector);
    x86::Segment segment = descriptor.segment();
    if (!is_canonical(segment.base)) return selector_fault(x86::GP, selector);
    segment.attributes |= 2;  // busy
    GUEST_TRY(write_value(system.mmu, descriptor.where + 5, segment.attributes & 0xffu, 1, implicit_class(state)));
    state.tr = segment;
    return advance(state, in);
}

}  // namespace hospes::translator
