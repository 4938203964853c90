// Whether the processor can run an instruction in its present state. Hot.
#pragma once

#include "engine/translator/system/system.h"

namespace hospes::translator {

// What an instruction raises before it does anything: it is none (#UD, #GP for its length), the CPU model lacks it, or
// CR0, CR4 and XCR0 switch its registers off (SDM volume 2, 2.4 and "Exceptions" of each; volume 3, 13.2 to 13.6).
Checked<void> check_available(System& system, const DecodedInstruction& in);

// Whether XCR0's bits for AVX-512 switch the instruction: EVEX, and VEX on mask registers.
inline bool is_avx512(const ZydisDecodedInstruction& info) {
    return info.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX || info.meta.isa_ext == ZYDIS_ISA_EXT_AVX512VEX;
}

}  // namespace hospes::translator
