#include "engine/translator/emit/reencode.h"

namespace hospes::translator {

namespace {

// The register fields of the result, each with its fourth (and for EVEX fifth) bit.
struct Fields {
    unsigned reg = 0, rm = 0, index = 0;
    bool memory = false;
};

Fields fields_of(const Instruction& in, const Substitution& sub, unsigned high_reg, unsigned high_rm) {
    Fields fields;
    fields.reg = sub.reg != kNoReg ? sub.reg : (in.info().raw.modrm.reg | high_reg);
    fields.memory = sub.has_memory;
    if (sub.has_memory) {
        fields.rm = sub.memory.base == kNoReg ? 0u : sub.memory.base;
        fields.index = sub.memory.index == kNoReg ? 0u : sub.memory.index;
    } else {
        fields.rm = sub.rm != kNoReg ? sub.rm : (in.info().raw.modrm.rm | high_rm);
    }
    return fields;
}

void emit_modrm(Assembler& a, const Fields& fields, const Substitution& sub, bool evex) {
    if (fields.memory) {
        a.modrm_mem(fields.reg, sub.memory, evex);
    } else {
        a.modrm_reg(fields.reg, fields.rm);
    }
}

// Immediate bytes: all that follows ModRM, SIB and displacement.
void emit_immediates(Assembler& a, const Instruction& in) {
    const auto& raw = in.info().raw;
    if (raw.imm[0].size == 0) return;
    a.bytes(in.bytes + raw.imm[0].offset, in.length() - raw.imm[0].offset);
}

bool has_modrm(const Instruction& in) { return (in.info().attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0; }

// MOV between AL, AX, EAX or RAX and an absolute address: opcodes A0 to A3.
bool is_absolute_move(const Instruction& in, const Substitution& sub) { return !has_modrm(in) && sub.has_memory; }

unsigned rex_bits(const Instruction& in, const Substitution& sub) {
    const auto& rex = in.info().raw.rex;
    unsigned bits = rex.W ? 8u : 0u;
    if (is_absolute_move(in, sub)) {
        const Fields fields = fields_of(in, sub, 0, 0);
        return bits | (fields.index >> 3 & 1) << 1 | (fields.rm >> 3 & 1);
    }
    if (!has_modrm(in)) {
        const unsigned reg = sub.opcode != kNoReg ? sub.opcode : (rex.B ? 8u : 0u);
        return bits | (reg >> 3 & 1);
    }
    const Fields fields = fields_of(in, sub, rex.R ? 8 : 0, rex.B ? 8 : 0);
    return bits | (fields.reg >> 3 & 1) << 2 | (fields.index >> 3 & 1) << 1 | (fields.rm >> 3 & 1);
}

bool is_kept_prefix(std::uint8_t prefix) {
    return prefix == 0x66 || prefix == 0xf2 || prefix == 0xf3 || prefix == 0xf0;
}

// Whether an instruction of 16-bit code has operands of 16 bits, which 64-bit code says by a prefix.
bool needs_operand_prefix(const Instruction& in) {
    if (in.info().operand_width != 16) return false;
    if (in.info().meta.isa_ext == ZYDIS_ISA_EXT_BASE) return true;
    for (unsigned i = 0; i < in.info().operand_count; ++i) {
        if (in.operand(i).type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
        if (ZydisRegisterGetClass(in.operand(i).reg.value) == ZYDIS_REGCLASS_GPR16) return true;
    }
    return false;
}

void emit_legacy_prefixes(Assembler& a, const Instruction& in) {
    const auto& raw = in.info().raw;
    const bool code16 = in.info().machine_mode == ZYDIS_MACHINE_MODE_LEGACY_16;
    if (code16 && needs_operand_prefix(in)) a.byte(0x66);
    for (unsigned i = 0; i < raw.prefix_count; ++i) {
        const bool of_16bit_code = raw.prefixes[i].value == 0x66 && raw.prefixes[i].type != ZYDIS_PREFIX_TYPE_MANDATORY;
        if (code16 && of_16bit_code) continue;
        if (is_kept_prefix(raw.prefixes[i].value) && raw.prefixes[i].type != ZYDIS_PREFIX_TYPE_IGNORED) {
            a.byte(raw.prefixes[i].value);
        }
    }
}

void emit_opcode_map(Assembler& a, ZydisOpcodeMap map) {
    if (map == ZYDIS_OPCODE_MAP_DEFAULT) return;
    a.byte(0x0f);
    if (map == ZYDIS_OPCODE_MAP_0F38) a.byte(0x38);
    if (map == ZYDIS_OPCODE_MAP_0F3A) a.byte(0x3a);
}

// INC and DEC of one byte, and opcode 82, exist only outside 64-bit mode.
bool emit_32bit_only(Assembler& a, const Instruction& in, const Substitution& sub) {
    if (in.info().machine_mode == ZYDIS_MACHINE_MODE_LONG_64 || in.info().opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) {
        return false;
    }
    const unsigned opcode = in.info().opcode;
    if (opcode < 0x40 || opcode > 0x4f) return false;
    emit_legacy_prefixes(a, in);
    const unsigned reg = sub.opcode != kNoReg ? sub.opcode : opcode & 7;
    if (reg & 8) a.byte(0x41);
    a.byte(0xff);
    a.modrm_reg(opcode < 0x48 ? 0 : 1, reg);
    return true;
}

void reencode_legacy(Assembler& a, const Instruction& in, const Substitution& sub) {
    if (emit_32bit_only(a, in, sub)) return;
    emit_legacy_prefixes(a, in);
    const unsigned rex = rex_bits(in, sub);
    // A REX that adds no bit still makes SPL, BPL, SIL and DIL of the codes for AH to BH.
    if (rex != 0 || (in.info().attributes & ZYDIS_ATTRIB_HAS_REX)) a.byte(0x40 | rex);
    emit_opcode_map(a, in.info().opcode_map);
    unsigned opcode = in.info().opcode;
    if (sub.opcode != kNoReg) opcode = (opcode & ~7u) | (sub.opcode & 7u);
    if (is_absolute_move(in, sub)) {  // their forms with ModRM; the register field is 0
        constexpr std::uint8_t kWithModrm[] = {0x8a, 0x8b, 0x88, 0x89};
        a.byte(kWithModrm[opcode & 3]);
        emit_modrm(a, fields_of(in, sub, 0, 0), sub, false);
        return;
    }
    const bool alias_82 = opcode == 0x82 && in.info().opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
    a.byte(alias_82 ? 0x80 : opcode);
    if (has_modrm(in)) {
        const auto& raw_rex = in.info().raw.rex;
        emit_modrm(a, fields_of(in, sub, raw_rex.R ? 8 : 0, raw_rex.B ? 8 : 0), sub, false);
    }
    emit_immediates(a, in);
}

// Outside of 64-bit mode VEX.W does not widen general registers, nor memory operands in their place.
bool names_gpr(const Instruction& in) {
    switch (in.info().mnemonic) {
        case ZYDIS_MNEMONIC_VMOVD:
        case ZYDIS_MNEMONIC_VPEXTRD:
        case ZYDIS_MNEMONIC_VPINSRD:
        case ZYDIS_MNEMONIC_VCVTSI2SD:
        case ZYDIS_MNEMONIC_VCVTSI2SS: return true;
        default: break;
    }
    for (unsigned i = 0; i < in.info().operand_count_visible; ++i) {
        if (in.operand(i).type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
        if (ZydisRegisterGetClass(in.operand(i).reg.value) == ZYDIS_REGCLASS_GPR32) return true;
    }
    return false;
}

void reencode_vex(Assembler& a, const Instruction& in, const Substitution& sub) {
    const std::uint8_t* prefix = in.bytes + in.info().raw.vex.offset;
    const bool two_bytes = prefix[0] == 0xc5;
    const bool wide = in.info().machine_mode == ZYDIS_MACHINE_MODE_LONG_64;  // else R, X, B and vvvv.3 are ignored
    const unsigned high_reg = wide && !(prefix[1] & 0x80) ? 8 : 0;
    const unsigned high_rm = wide && !two_bytes && !(prefix[1] & 0x20) ? 8 : 0;
    const unsigned map = two_bytes ? 1u : prefix[1] & 0x1fu;
    unsigned last = two_bytes ? prefix[1] & 0x7fu : prefix[2];
    if (!wide) last |= 0x40;
    if (!wide && names_gpr(in)) last &= ~0x80u;
    if (sub.vvvv != kNoReg) last = (last & ~0x78u) | (~static_cast<unsigned>(sub.vvvv) & 15u) << 3;
    const Fields fields = fields_of(in, sub, high_reg, high_rm);
    a.byte(0xc4);
    a.byte((fields.reg & 8 ? 0u : 0x80u) | (fields.index & 8 ? 0u : 0x40u) | (fields.rm & 8 ? 0u : 0x20u) | map);
    a.byte(last);
    a.byte(in.info().opcode);
    if (has_modrm(in)) emit_modrm(a, fields, sub, false);
    const bool named = in.info().operand_count > 3 && in.operand(3).encoding == ZYDIS_OPERAND_ENCODING_IS4;
    if (named && !wide) {
        a.byte(in.bytes[in.info().raw.imm[0].offset] & 0x7fu);  // there are 8 registers; bit 7 is ignored
    } else {
        emit_immediates(a, in);
    }
}

void reencode_evex(Assembler& a, const Instruction& in, const Substitution& sub) {
    const std::uint8_t* prefix = in.bytes + in.info().raw.evex.offset;
    unsigned p1 = prefix[1];
    unsigned p2 = prefix[2];
    unsigned p3 = prefix[3];
    if (in.info().machine_mode != ZYDIS_MACHINE_MODE_LONG_64) {  // R, X, B, R', vvvv.3 and V' are ignored
        p1 |= 0xf0;
        p2 |= 0x40;
        p3 |= 0x08;
        if (names_gpr(in)) p2 &= ~0x80u;
    }
    const unsigned high_reg = p1 & 0x80 ? 0 : 8;
    const unsigned high_rm = p1 & 0x20 ? 0 : 8;
    const Fields fields = fields_of(in, sub, high_reg, high_rm);
    p1 = (p1 & ~0x80u) | (fields.reg & 8 ? 0u : 0x80u);
    if (fields.memory)
        p1 = (p1 & ~0x60u) | (fields.index & 8 ? 0u : 0x40u) | (fields.rm & 8 ? 0u : 0x20u);
    else if (sub.rm != kNoReg)
        p1 = (p1 & ~0x20u) | (fields.rm & 8 ? 0u : 0x20u);
    if (sub.vvvv != kNoReg) p2 = (p2 & ~0x78u) | (~static_cast<unsigned>(sub.vvvv) & 15u) << 3;
    a.byte(0x62);
    a.byte(p1);
    a.byte(p2);
    a.byte(p3);
    a.byte(in.info().opcode);
    emit_modrm(a, fields, sub, true);
    emit_immediates(a, in);
}

}  // namespace

bool needs_rex(const Instruction& in, const Substitution& sub) {
    return in.info().encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && rex_bits(in, sub) != 0;
}

void reencode(Assembler& a, const Instruction& in, const Substitution& sub) {
    switch (in.info().encoding) {
        case ZYDIS_INSTRUCTION_ENCODING_VEX: return reencode_vex(a, in, sub);
        case ZYDIS_INSTRUCTION_ENCODING_EVEX: return reencode_evex(a, in, sub);
        default: return reencode_legacy(a, in, sub);
    }
}

}  // namespace hospes::translator
