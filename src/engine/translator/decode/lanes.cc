#include "engine/translator/decode/lanes.h"

namespace hospes::translator {

namespace {

bool is_packed(ZydisInstructionCategory category) {
    return category == ZYDIS_CATEGORY_COMPRESS || category == ZYDIS_CATEGORY_EXPAND;
}

// Lanes of a broadcast: 1 to 16, 4 to 8 and so on. 0: it is none.
unsigned broadcast_lanes(ZydisBroadcastMode mode) {
    switch (mode) {
        case ZYDIS_BROADCAST_MODE_1_TO_2: return 2;
        case ZYDIS_BROADCAST_MODE_1_TO_4:
        case ZYDIS_BROADCAST_MODE_2_TO_4: return 4;
        case ZYDIS_BROADCAST_MODE_1_TO_8:
        case ZYDIS_BROADCAST_MODE_2_TO_8:
        case ZYDIS_BROADCAST_MODE_4_TO_8: return 8;
        case ZYDIS_BROADCAST_MODE_1_TO_16:
        case ZYDIS_BROADCAST_MODE_2_TO_16:
        case ZYDIS_BROADCAST_MODE_4_TO_16:
        case ZYDIS_BROADCAST_MODE_8_TO_16: return 16;
        case ZYDIS_BROADCAST_MODE_1_TO_32: return 32;
        case ZYDIS_BROADCAST_MODE_1_TO_64: return 64;
        default: return 0;
    }
}

std::uint8_t log_of(unsigned power) { return static_cast<std::uint8_t>(__builtin_ctz(power)); }

}  // namespace

Lanes lanes_of(const Instruction& in) {
    const auto& avx = in.info().avx;
    const bool masked = in.info().encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX && avx.mask.reg > ZYDIS_REGISTER_K0 &&
                        avx.mask.reg <= ZYDIS_REGISTER_K7;
    if (!masked) return {};
    const ZydisDecodedOperand& memory = in.memory_operand();
    const unsigned broadcast = broadcast_lanes(avx.broadcast.mode);
    Lanes lanes;
    lanes.mask = static_cast<std::uint8_t>(avx.mask.reg - ZYDIS_REGISTER_K0);
    lanes.element_log = log_of(memory.element_size / 8u);
    lanes.count_log = log_of(broadcast != 0 ? broadcast : memory.element_count);
    lanes.packed = is_packed(in.info().meta.category);
    return lanes;
}

bool suppresses_faults(const ZydisDecodedInstruction& info) {
    switch (info.mnemonic) {  // of type E4NF, which the decoder's tables do not know
        case ZYDIS_MNEMONIC_VCVTNE2PS2BF16:
        case ZYDIS_MNEMONIC_VDBPSADBW:
        case ZYDIS_MNEMONIC_VGF2P8AFFINEQB:
        case ZYDIS_MNEMONIC_VGF2P8AFFINEINVQB: return false;
        default: break;
    }
    switch (info.meta.exception_class) {
        case ZYDIS_EXCEPTION_CLASS_E4NF:
        case ZYDIS_EXCEPTION_CLASS_E5NF:
        case ZYDIS_EXCEPTION_CLASS_E6NF: return false;
        default: return true;
    }
}

}  // namespace hospes::translator
