// Which instructions the CPU model has: what CPUID hides must not execute (trap 6 of the design).
#pragma once

#include <Zydis/Zydis.h>

#include "x86/cpuid_model.h"

namespace hospes::translator {

// Sets the encodings whose meaning depends on the model: without BMI1, F3 0F BC is BSF, and so on.
void set_decoder_features(ZydisDecoder& decoder, const x86::CpuidModel& model);

// Whether `model` has the instruction. False: #UD. Instruction sets unknown here are not admitted.
bool admits(const x86::CpuidModel& model, const ZydisDecodedInstruction& info);

}  // namespace hospes::translator
