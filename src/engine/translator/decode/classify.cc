#include "engine/translator/decode/classify.h"

#include "engine/translator/decode/sensitive.h"
#include "engine/translator/system/availability.h"

namespace hospes::translator {

namespace {

bool is_gpr_register(ZydisRegister reg) {
    const ZydisRegisterClass kind = ZydisRegisterGetClass(reg);
    return kind == ZYDIS_REGCLASS_GPR8 || kind == ZYDIS_REGCLASS_GPR16 || kind == ZYDIS_REGCLASS_GPR32 ||
           kind == ZYDIS_REGCLASS_GPR64;
}

bool is_system_register(ZydisRegister reg) {
    const ZydisRegisterClass kind = ZydisRegisterGetClass(reg);
    return kind == ZYDIS_REGCLASS_SEGMENT || kind == ZYDIS_REGCLASS_CONTROL || kind == ZYDIS_REGCLASS_DEBUG ||
           kind == ZYDIS_REGCLASS_TABLE || kind == ZYDIS_REGCLASS_TEST;
}

bool is_nop(const ZydisDecodedInstruction& info) {
    return info.meta.category == ZYDIS_CATEGORY_NOP || info.meta.category == ZYDIS_CATEGORY_WIDENOP ||
           info.meta.category == ZYDIS_CATEGORY_PREFETCH || info.mnemonic == ZYDIS_MNEMONIC_ENDBR64 ||
           info.mnemonic == ZYDIS_MNEMONIC_ENDBR32;
}

// Width in bits of the stack operations that are translated; others are C++.
unsigned stack_width(Mode mode) { return mode.has(Mode::kCode64) ? 64 : 32; }

Kind stack_kind(const Instruction& in, Mode mode, Kind kind) {
    if (in.info().operand_width != stack_width(mode)) return Kind::System;
    if (!mode.has(Mode::kCode64) && !mode.has(Mode::kStack32)) return Kind::System;
    return kind;
}

Kind branch_kind(const Instruction& in, Mode mode, Kind direct, Kind indirect) {
    if (in.info().meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) return Kind::System;
    if (in.info().operand_width != stack_width(mode)) return Kind::System;
    return in.operand(0).type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? direct : indirect;
}

bool is_repeated(const ZydisDecodedInstruction& info) {
    for (unsigned i = 0; i < info.raw.prefix_count; ++i) {
        if (info.raw.prefixes[i].value == 0xf2 || info.raw.prefixes[i].value == 0xf3) return true;
    }
    return false;
}

// MOVSD is also the name of an SSE2 instruction.
Kind string_kind(const Instruction& in, Mode mode) {
    if (in.info().meta.category != ZYDIS_CATEGORY_STRINGOP) return Kind::Plain;
    const bool segmented = mode.has(Mode::kSegmented) || (in.info().attributes & ZYDIS_ATTRIB_HAS_SEGMENT) != 0;
    const bool other_width = in.info().address_width != stack_width(mode);
    return is_repeated(in.info()) || segmented || other_width ? Kind::System : Kind::String;
}

// Segment registers can be pushed; what POP does with one is C++.
Kind push_pop_kind(const Instruction& in, Mode mode, Kind kind) {
    const ZydisDecodedOperand& operand = in.operand(0);
    if (kind == Kind::Pop && operand.type == ZYDIS_OPERAND_TYPE_REGISTER && !is_gpr_register(operand.reg.value)) {
        return Kind::System;
    }
    return stack_kind(in, mode, kind);
}

bool reads_segment_register(const Instruction& in) {
    const ZydisDecodedOperand& to = in.operand(0);
    const ZydisDecodedOperand& from = in.operand(1);
    return to.type == ZYDIS_OPERAND_TYPE_REGISTER && from.type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(to.reg.value) != ZYDIS_REGCLASS_SEGMENT &&
           ZydisRegisterGetClass(from.reg.value) == ZYDIS_REGCLASS_SEGMENT;
}

Kind special_kind(const Instruction& in, Mode mode) {
    switch (in.info().mnemonic) {
        case ZYDIS_MNEMONIC_JMP: return branch_kind(in, mode, Kind::Jump, Kind::JumpIndirect);
        case ZYDIS_MNEMONIC_CALL: return stack_kind(in, mode, branch_kind(in, mode, Kind::Call, Kind::CallIndirect));
        case ZYDIS_MNEMONIC_RET:
            if (in.info().meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) return Kind::System;
            return stack_kind(in, mode, Kind::Return);
        case ZYDIS_MNEMONIC_PUSH: return push_pop_kind(in, mode, Kind::Push);
        case ZYDIS_MNEMONIC_POP: return push_pop_kind(in, mode, Kind::Pop);
        case ZYDIS_MNEMONIC_PUSHFD:
        case ZYDIS_MNEMONIC_PUSHFQ: return stack_kind(in, mode, Kind::PushFlags);
        case ZYDIS_MNEMONIC_LODSB:
        case ZYDIS_MNEMONIC_LODSW:
        case ZYDIS_MNEMONIC_LODSD:
        case ZYDIS_MNEMONIC_LODSQ:
        case ZYDIS_MNEMONIC_STOSB:
        case ZYDIS_MNEMONIC_STOSW:
        case ZYDIS_MNEMONIC_STOSD:
        case ZYDIS_MNEMONIC_STOSQ:
        case ZYDIS_MNEMONIC_SCASB:
        case ZYDIS_MNEMONIC_SCASW:
        case ZYDIS_MNEMONIC_SCASD:
        case ZYDIS_MNEMONIC_SCASQ:
        case ZYDIS_MNEMONIC_MOVSB:
        case ZYDIS_MNEMONIC_MOVSW:
        case ZYDIS_MNEMONIC_MOVSD:
        case ZYDIS_MNEMONIC_MOVSQ: return string_kind(in, mode);
        case ZYDIS_MNEMONIC_MOV: return reads_segment_register(in) ? Kind::ReadSegment : Kind::Plain;
        case ZYDIS_MNEMONIC_LEAVE: return stack_kind(in, mode, Kind::Leave);
        case ZYDIS_MNEMONIC_LEA: return Kind::Address;
        case ZYDIS_MNEMONIC_JCXZ:
        case ZYDIS_MNEMONIC_JECXZ:
        case ZYDIS_MNEMONIC_JRCXZ:
        case ZYDIS_MNEMONIC_LOOP:
        case ZYDIS_MNEMONIC_LOOPE:
        case ZYDIS_MNEMONIC_LOOPNE:
            return in.info().address_width == 16 ? Kind::System : branch_kind(in, mode, Kind::Loop, Kind::System);
        case ZYDIS_MNEMONIC_RDTSC:
        case ZYDIS_MNEMONIC_RDTSCP: return mode.has(Mode::kSlowTimestamp) ? Kind::System : Kind::ReadTimestamp;
        case ZYDIS_MNEMONIC_CLI: return mode.has(Mode::kCpl0) ? Kind::ClearInterrupt : Kind::System;
        case ZYDIS_MNEMONIC_STI: return mode.has(Mode::kCpl0) ? Kind::SetInterrupt : Kind::System;
        case ZYDIS_MNEMONIC_SWAPGS:
            return mode.has(Mode::kCpl0) && mode.has(Mode::kCode64) ? Kind::SwapGs : Kind::System;
        case ZYDIS_MNEMONIC_STAC:
            return mode.has(Mode::kCpl0) && mode.has(Mode::kSmap) ? Kind::AccessFlag : Kind::System;
        case ZYDIS_MNEMONIC_CLAC:
            return mode.has(Mode::kCpl0) && !mode.has(Mode::kSmap) ? Kind::AccessFlag : Kind::System;
        case ZYDIS_MNEMONIC_RDFSBASE:
        case ZYDIS_MNEMONIC_RDGSBASE:
        case ZYDIS_MNEMONIC_WRFSBASE:
        case ZYDIS_MNEMONIC_WRGSBASE: return mode.has(Mode::kCode64) ? Kind::SegmentBase : Kind::System;
        default:
            if (in.info().meta.category != ZYDIS_CATEGORY_COND_BR) return Kind::Plain;
            return branch_kind(in, mode, Kind::JumpConditional, Kind::System);
    }
}

bool is_bit_string(const Instruction& in) {
    switch (in.info().mnemonic) {
        case ZYDIS_MNEMONIC_BT:
        case ZYDIS_MNEMONIC_BTS:
        case ZYDIS_MNEMONIC_BTR:
        case ZYDIS_MNEMONIC_BTC:
            return in.operand(0).type == ZYDIS_OPERAND_TYPE_MEMORY && in.operand(1).type == ZYDIS_OPERAND_TYPE_REGISTER;
        default: return false;
    }
}

constexpr unsigned kLargestAccess = 64;  // of what a probe guards

// Finds the memory operand and looks at the registers; false if an operand rules out native re-emission.
bool scan_operands(Instruction& out) {
    for (unsigned i = 0; i < out.info().operand_count; ++i) {
        const ZydisDecodedOperand& operand = out.operand(i);
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            const bool visible = operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
            if (visible && is_system_register(operand.reg.value)) return false;
            const bool encoded = operand.encoding != ZYDIS_OPERAND_ENCODING_NONE;
            out.high_byte |=
                encoded && operand.reg.value >= ZYDIS_REGISTER_AH && operand.reg.value <= ZYDIS_REGISTER_BH;
        } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
                   (operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
                    operand.encoding == ZYDIS_OPERAND_ENCODING_DISP16_32_64)) {
            out.memory = static_cast<std::uint8_t>(i);
            // CLFLUSH and kin name a line, but translate one byte's address.
            const bool line = out.info().meta.category == ZYDIS_CATEGORY_CLFLUSHOPT ||
                              out.info().mnemonic == ZYDIS_MNEMONIC_CLFLUSH ||
                              out.info().mnemonic == ZYDIS_MNEMONIC_CLWB;
            out.access_size = line ? std::uint16_t{1} : static_cast<std::uint16_t>(operand.size / 8);
            out.reads_memory = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
            out.writes_memory = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY &&
                   operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            return false;
        }
    }
    return true;
}

// Shifts and rotates by CL or by an immediate whose masked value may be 0 leave the flags as they were.
bool may_leave_flags(const Instruction& in) {
    const ZydisInstructionCategory category = in.info().meta.category;
    if (category != ZYDIS_CATEGORY_SHIFT && category != ZYDIS_CATEGORY_ROTATE) return false;
    if (in.info().meta.isa_ext == ZYDIS_ISA_EXT_BMI2) return false;
    const ZydisDecodedOperand& count = in.operand(in.info().operand_count_visible - 1u);
    if (count.type != ZYDIS_OPERAND_TYPE_IMMEDIATE) return true;
    return (count.imm.value.u & (in.info().operand_width == 64 ? 63u : 31u)) == 0;
}

void scan_flags(Instruction& out) {
    out.flags_read = out.flags_killed = out.flags_changed = 0;
    const ZydisAccessedFlags* flags = out.info().cpu_flags;
    if (flags == nullptr) return;
    const std::uint64_t changed = flags->modified | flags->set_0 | flags->set_1 | flags->undefined;
    out.flags_read = static_cast<std::uint16_t>(flags->tested & kAllFlags);
    out.flags_changed = static_cast<std::uint16_t>(changed & kAllFlags);
    out.flags_killed = may_leave_flags(out) ? std::uint16_t{0} : out.flags_changed;
}

}  // namespace

bool vector_unit_on(const ZydisDecodedInstruction& info, Mode mode) {
    const bool vex =
        info.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX || info.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX;
    const bool vex_gpr = info.meta.isa_ext == ZYDIS_ISA_EXT_BMI1 || info.meta.isa_ext == ZYDIS_ISA_EXT_BMI2;
    if (vex && vex_gpr) return true;
    if (is_avx512(info)) return !mode.has(Mode::kNoAvx512) && !mode.has(Mode::kFpuTrap);
    if (vex) return !mode.has(Mode::kNoAvx) && !mode.has(Mode::kFpuTrap);
    switch (info.meta.isa_ext) {
        case ZYDIS_ISA_EXT_X87:
        case ZYDIS_ISA_EXT_MMX: return !mode.has(Mode::kFpuTrap);
        case ZYDIS_ISA_EXT_SSE:
        case ZYDIS_ISA_EXT_SSE2:
        case ZYDIS_ISA_EXT_SSE3:
        case ZYDIS_ISA_EXT_SSSE3:
        case ZYDIS_ISA_EXT_SSE4:
        case ZYDIS_ISA_EXT_AES:
        case ZYDIS_ISA_EXT_PCLMULQDQ:
        case ZYDIS_ISA_EXT_SHA:
        case ZYDIS_ISA_EXT_GFNI: break;
        default: return true;
    }
    switch (info.mnemonic) {  // of the SSE families, but without vector operands
        case ZYDIS_MNEMONIC_LFENCE:
        case ZYDIS_MNEMONIC_MFENCE:
        case ZYDIS_MNEMONIC_SFENCE:
        case ZYDIS_MNEMONIC_PREFETCHNTA:
        case ZYDIS_MNEMONIC_PREFETCHT0:
        case ZYDIS_MNEMONIC_PREFETCHT1:
        case ZYDIS_MNEMONIC_PREFETCHT2:
        case ZYDIS_MNEMONIC_MOVNTI:
        case ZYDIS_MNEMONIC_CRC32:
        case ZYDIS_MNEMONIC_POPCNT:
        case ZYDIS_MNEMONIC_PAUSE: return true;
        case ZYDIS_MNEMONIC_FISTTP: return !mode.has(Mode::kFpuTrap);  // x87, whatever CPUID counts it to
        default: return !mode.has(Mode::kNoSse) && !mode.has(Mode::kFpuTrap);
    }
}

void classify(Instruction& out, Mode mode) {
    const ZydisDecodedInstruction& info = out.info();
    scan_flags(out);
    if (is_nop(info)) {
        out.kind = Kind::Nop;
        return;
    }
    out.kind = special_kind(out, mode);
    if (out.kind == Kind::ReadSegment) return;
    if (!scan_operands(out)) out.kind = Kind::System;
    if (out.kind != Kind::Plain) return;
    const bool sizeless = out.memory != kNoOperand && (out.access_size == 0 || out.access_size > kLargestAccess);
    if (is_sensitive(info) || sizeless) {
        out.kind = Kind::System;
    } else if (is_bit_string(out)) {
        out.kind = Kind::BitString;
    }
}

}  // namespace hospes::translator
