#include "engine/translator/system/availability.h"

namespace hospes::translator {

namespace {

using namespace x86;

// The part of the extended state that an instruction works on.
enum class Unit : std::uint8_t { None, X87, Fxsave, Mmx, Sse, Avx, Avx512, Xsave, Xcr0, Wait };

// Of the SSE families, but without vector operands.
bool is_general(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
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
        default: return false;
    }
}

Unit sse_unit(const ZydisDecodedInstruction& info) {
    if (info.meta.category == ZYDIS_CATEGORY_X87_ALU) return Unit::X87;  // FISTTP
    if (info.meta.isa_set == ZYDIS_ISA_SET_FXSAVE || info.meta.isa_set == ZYDIS_ISA_SET_FXSAVE64) return Unit::Fxsave;
    return is_general(info.mnemonic) ? Unit::None : Unit::Sse;
}

Unit unit_of(const ZydisDecodedInstruction& info) {
    switch (info.mnemonic) {
        case ZYDIS_MNEMONIC_FWAIT: return Unit::Wait;
        case ZYDIS_MNEMONIC_XGETBV:
        case ZYDIS_MNEMONIC_XSETBV: return Unit::Xcr0;
        default: break;
    }
    const ZydisISAExt extension = info.meta.isa_ext;
    if (is_avx512(info)) return Unit::Avx512;
    if (info.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) {
        const bool general = extension == ZYDIS_ISA_EXT_BMI1 || extension == ZYDIS_ISA_EXT_BMI2;
        return general ? Unit::None : Unit::Avx;
    }
    if (info.meta.category == ZYDIS_CATEGORY_XSAVE || info.meta.category == ZYDIS_CATEGORY_XSAVEOPT) return Unit::Xsave;
    switch (extension) {
        case ZYDIS_ISA_EXT_X87: return Unit::X87;
        case ZYDIS_ISA_EXT_MMX: return Unit::Mmx;
        case ZYDIS_ISA_EXT_SSE:
        case ZYDIS_ISA_EXT_SSE2:
        case ZYDIS_ISA_EXT_SSE3:
        case ZYDIS_ISA_EXT_SSSE3:
        case ZYDIS_ISA_EXT_SSE4:
        case ZYDIS_ISA_EXT_AES:
        case ZYDIS_ISA_EXT_PCLMULQDQ:
        case ZYDIS_ISA_EXT_SHA:
        case ZYDIS_ISA_EXT_GFNI: return sse_unit(info);
        default: return Unit::None;
    }
}

Checked<void> check_unit(const GuestState& state, Unit unit) {
    const bool task_switched = (state.cr0 & cr0::TS) != 0;
    const bool emulate = (state.cr0 & cr0::EM) != 0;
    const bool xsave = (state.cr4 & cr4::OSXSAVE) != 0;
    switch (unit) {
        case Unit::None: return {};
        case Unit::Wait:
            if (task_switched && (state.cr0 & cr0::MP) != 0) return device_not_available();
            return {};
        case Unit::X87:
        case Unit::Fxsave:
            if (emulate) return device_not_available();
            break;
        case Unit::Mmx:
            if (emulate) return undefined_opcode();
            break;
        case Unit::Sse:
            if (emulate || (state.cr4 & cr4::OSFXSR) == 0) return undefined_opcode();
            break;
        case Unit::Avx:
        case Unit::Avx512: {
            constexpr std::uint64_t kYmm = xcr0::SSE | xcr0::AVX;
            const std::uint64_t needed = unit == Unit::Avx512 ? kYmm | xcr0::kAvx512 : kYmm;
            if (!xsave || (state.xcr0 & needed) != needed) return undefined_opcode();
            // Processors ignore EM here; translated code cannot run with it, and no system sets it beside OSXSAVE.
            if (emulate) return undefined_opcode();
            break;
        }
        case Unit::Xsave:
            if (!xsave) return undefined_opcode();
            break;
        case Unit::Xcr0:
            if (!xsave) return undefined_opcode();
            return {};
    }
    if (task_switched) return device_not_available();
    return {};
}

}  // namespace

Checked<void> check_available(System& system, const DecodedInstruction& in) {
    if (in.too_long) return general_protection();
    if (in.info.mnemonic == ZYDIS_MNEMONIC_INVALID || !in.admitted) return undefined_opcode();
    const GuestState& state = system.state();
    // VEX and EVEX have no meaning in real mode.
    if (in.info.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY && !state.protected_mode()) return undefined_opcode();
    return check_unit(state, unit_of(in.info));
}

}  // namespace hospes::translator
