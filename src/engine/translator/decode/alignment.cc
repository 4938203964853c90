#include "engine/translator/decode/alignment.h"

#include "engine/translator/decode/lanes.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

bool is_unaligned_sse(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_MOVUPS:
        case ZYDIS_MNEMONIC_MOVUPD:
        case ZYDIS_MNEMONIC_MOVDQU:
        case ZYDIS_MNEMONIC_LDDQU:
        case ZYDIS_MNEMONIC_PCMPESTRI:
        case ZYDIS_MNEMONIC_PCMPESTRM:
        case ZYDIS_MNEMONIC_PCMPISTRI:
        case ZYDIS_MNEMONIC_PCMPISTRM: return true;
        default: return false;
    }
}

bool is_aligned_vex(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_VMOVAPS:
        case ZYDIS_MNEMONIC_VMOVAPD:
        case ZYDIS_MNEMONIC_VMOVDQA:
        case ZYDIS_MNEMONIC_VMOVDQA32:
        case ZYDIS_MNEMONIC_VMOVDQA64:
        case ZYDIS_MNEMONIC_VMOVNTPS:
        case ZYDIS_MNEMONIC_VMOVNTPD:
        case ZYDIS_MNEMONIC_VMOVNTDQ:
        case ZYDIS_MNEMONIC_VMOVNTDQA: return true;
        default: return false;
    }
}

}  // namespace

bool needs_alignment(const Instruction& instruction) {
    if (instruction.memory == kNoOperand || instruction.access_size < 16) return false;
    const ZydisMnemonic mnemonic = instruction.info().mnemonic;
    if (instruction.info().encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) return is_aligned_vex(mnemonic);
    if (instruction.info().meta.isa_ext == ZYDIS_ISA_EXT_SHA) return false;  // the page fault comes first, on AMD's
    return instruction.access_size == 16 && !is_unaligned_sse(mnemonic);
}

unsigned checked_alignment(const Instruction& instruction, unsigned size) {
    if (needs_alignment(instruction)) return 1;  // a misaligned one is #GP(0) as ever
    if (instruction.memory != kNoOperand && suppresses_faults(instruction.info())) {
        const Lanes lanes = lanes_of(instruction);
        if (lanes.mask != 0) return 1u << lanes.element_log;
    }
    return size >= 16 ? 16 : static_cast<unsigned>(natural_alignment_mask(size)) + 1;
}

}  // namespace hospes::translator
