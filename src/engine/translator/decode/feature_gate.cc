#include "engine/translator/decode/feature_gate.h"

namespace hospes::translator {

namespace {

using x86::Feature;

// Not a feature: the baseline of x86-64, which every model has.
constexpr Feature kAlways = Feature::kCount;

// The feature that gates an ISA set; false if there is none that a model of ours could have.
bool feature_of(ZydisISASet set, Feature& feature) {
    feature = kAlways;
    switch (set) {
        case ZYDIS_ISA_SET_CLFSH:
        case ZYDIS_ISA_SET_CMOV:
        case ZYDIS_ISA_SET_FAT_NOP:
        case ZYDIS_ISA_SET_FCMOV:
        case ZYDIS_ISA_SET_FXSAVE:
        case ZYDIS_ISA_SET_FXSAVE64:
        case ZYDIS_ISA_SET_I186:
        case ZYDIS_ISA_SET_I286PROTECTED:
        case ZYDIS_ISA_SET_I286REAL:
        case ZYDIS_ISA_SET_I386:
        case ZYDIS_ISA_SET_I486:
        case ZYDIS_ISA_SET_I486REAL:
        case ZYDIS_ISA_SET_I86:
        case ZYDIS_ISA_SET_LAHF:
        case ZYDIS_ISA_SET_LONGMODE:
        case ZYDIS_ISA_SET_PAUSE:
        case ZYDIS_ISA_SET_PENTIUMMMX:
        case ZYDIS_ISA_SET_PENTIUMREAL:
        case ZYDIS_ISA_SET_PPRO:
        case ZYDIS_ISA_SET_PREFETCH_NOP:
        case ZYDIS_ISA_SET_RDPMC:
        case ZYDIS_ISA_SET_SSE:
        case ZYDIS_ISA_SET_SSE2:
        case ZYDIS_ISA_SET_SSE2MMX:
        case ZYDIS_ISA_SET_SSEMXCSR:
        case ZYDIS_ISA_SET_SSE_PREFETCH:
        case ZYDIS_ISA_SET_X87: return true;
        case ZYDIS_ISA_SET_ADOX_ADCX: feature = Feature::ADX; return true;
        case ZYDIS_ISA_SET_AES: feature = Feature::AES; return true;
        case ZYDIS_ISA_SET_AVX: feature = Feature::AVX; return true;
        case ZYDIS_ISA_SET_AVX2:
        case ZYDIS_ISA_SET_AVX2GATHER: feature = Feature::AVX2; return true;
        case ZYDIS_ISA_SET_AVX_VNNI: feature = Feature::AVX_VNNI; return true;
        case ZYDIS_ISA_SET_BMI1: feature = Feature::BMI1; return true;
        case ZYDIS_ISA_SET_BMI2: feature = Feature::BMI2; return true;
        case ZYDIS_ISA_SET_CLFLUSHOPT: feature = Feature::CLFLUSHOPT; return true;
        case ZYDIS_ISA_SET_CLWB: feature = Feature::CLWB; return true;
        case ZYDIS_ISA_SET_CMPXCHG16B: feature = Feature::CX16; return true;
        case ZYDIS_ISA_SET_F16C: feature = Feature::F16C; return true;
        case ZYDIS_ISA_SET_FMA: feature = Feature::FMA; return true;
        case ZYDIS_ISA_SET_AVX_GFNI:
        case ZYDIS_ISA_SET_GFNI: feature = Feature::GFNI; return true;
        case ZYDIS_ISA_SET_INVPCID: feature = Feature::INVPCID; return true;
        case ZYDIS_ISA_SET_LZCNT: feature = Feature::LZCNT; return true;
        case ZYDIS_ISA_SET_MOVBE: feature = Feature::MOVBE; return true;
        case ZYDIS_ISA_SET_PCLMULQDQ: feature = Feature::PCLMULQDQ; return true;
        case ZYDIS_ISA_SET_POPCNT: feature = Feature::POPCNT; return true;
        case ZYDIS_ISA_SET_RDPID: feature = Feature::RDPID; return true;
        case ZYDIS_ISA_SET_RDRAND: feature = Feature::RDRAND; return true;
        case ZYDIS_ISA_SET_RDSEED: feature = Feature::RDSEED; return true;
        case ZYDIS_ISA_SET_RDTSCP: feature = Feature::RDTSCP; return true;
        case ZYDIS_ISA_SET_RDWRFSGS: feature = Feature::FSGSBASE; return true;
        case ZYDIS_ISA_SET_SHA: feature = Feature::SHA; return true;
        case ZYDIS_ISA_SET_SMAP: feature = Feature::SMAP; return true;
        case ZYDIS_ISA_SET_SSE3:
        case ZYDIS_ISA_SET_SSE3X87: feature = Feature::SSE3; return true;
        case ZYDIS_ISA_SET_SSE4: feature = Feature::SSE4_1; return true;
        case ZYDIS_ISA_SET_SSE42: feature = Feature::SSE4_2; return true;
        case ZYDIS_ISA_SET_SSSE3:
        case ZYDIS_ISA_SET_SSSE3MMX: feature = Feature::SSSE3; return true;
        case ZYDIS_ISA_SET_VAES: feature = Feature::VAES; return true;
        case ZYDIS_ISA_SET_VPCLMULQDQ: feature = Feature::VPCLMULQDQ; return true;
        case ZYDIS_ISA_SET_XSAVE: feature = Feature::XSAVE; return true;
        case ZYDIS_ISA_SET_XSAVEC: feature = Feature::XSAVEC; return true;
        case ZYDIS_ISA_SET_XSAVEOPT: feature = Feature::XSAVEOPT; return true;
        case ZYDIS_ISA_SET_XSAVES: feature = Feature::XSAVES; return true;
        default: return false;
    }
}

// The feature that gates an ISA set of EVEX or of mask registers, whatever the vector length; false as above.
bool feature_of_avx512(ZydisISASet set, Feature& feature) {
    switch (set) {
        case ZYDIS_ISA_SET_AVX512F_128:
        case ZYDIS_ISA_SET_AVX512F_128N:
        case ZYDIS_ISA_SET_AVX512F_256:
        case ZYDIS_ISA_SET_AVX512F_512:
        case ZYDIS_ISA_SET_AVX512F_KOP:
        case ZYDIS_ISA_SET_AVX512F_SCALAR: feature = Feature::AVX512F; return true;
        case ZYDIS_ISA_SET_AVX512BW_128:
        case ZYDIS_ISA_SET_AVX512BW_128N:
        case ZYDIS_ISA_SET_AVX512BW_256:
        case ZYDIS_ISA_SET_AVX512BW_512:
        case ZYDIS_ISA_SET_AVX512BW_KOP: feature = Feature::AVX512BW; return true;
        case ZYDIS_ISA_SET_AVX512CD_128:
        case ZYDIS_ISA_SET_AVX512CD_256:
        case ZYDIS_ISA_SET_AVX512CD_512: feature = Feature::AVX512CD; return true;
        case ZYDIS_ISA_SET_AVX512DQ_128:
        case ZYDIS_ISA_SET_AVX512DQ_128N:
        case ZYDIS_ISA_SET_AVX512DQ_256:
        case ZYDIS_ISA_SET_AVX512DQ_512:
        case ZYDIS_ISA_SET_AVX512DQ_KOP:
        case ZYDIS_ISA_SET_AVX512DQ_SCALAR: feature = Feature::AVX512DQ; return true;
        case ZYDIS_ISA_SET_AVX512_IFMA_128:
        case ZYDIS_ISA_SET_AVX512_IFMA_256:
        case ZYDIS_ISA_SET_AVX512_IFMA_512: feature = Feature::AVX512IFMA; return true;
        case ZYDIS_ISA_SET_AVX512_VBMI_128:
        case ZYDIS_ISA_SET_AVX512_VBMI_256:
        case ZYDIS_ISA_SET_AVX512_VBMI_512: feature = Feature::AVX512VBMI; return true;
        case ZYDIS_ISA_SET_AVX512_VBMI2_128:
        case ZYDIS_ISA_SET_AVX512_VBMI2_256:
        case ZYDIS_ISA_SET_AVX512_VBMI2_512: feature = Feature::AVX512VBMI2; return true;
        case ZYDIS_ISA_SET_AVX512_VNNI_128:
        case ZYDIS_ISA_SET_AVX512_VNNI_256:
        case ZYDIS_ISA_SET_AVX512_VNNI_512: feature = Feature::AVX512VNNI; return true;
        case ZYDIS_ISA_SET_AVX512_BF16_128:
        case ZYDIS_ISA_SET_AVX512_BF16_256:
        case ZYDIS_ISA_SET_AVX512_BF16_512: feature = Feature::AVX512BF16; return true;
        case ZYDIS_ISA_SET_AVX512_BITALG_128:
        case ZYDIS_ISA_SET_AVX512_BITALG_256:
        case ZYDIS_ISA_SET_AVX512_BITALG_512: feature = Feature::AVX512BITALG; return true;
        case ZYDIS_ISA_SET_AVX512_VPOPCNTDQ_128:
        case ZYDIS_ISA_SET_AVX512_VPOPCNTDQ_256:
        case ZYDIS_ISA_SET_AVX512_VPOPCNTDQ_512: feature = Feature::AVX512VPOPCNTDQ; return true;
        case ZYDIS_ISA_SET_AVX512_VP2INTERSECT_128:
        case ZYDIS_ISA_SET_AVX512_VP2INTERSECT_256:
        case ZYDIS_ISA_SET_AVX512_VP2INTERSECT_512: feature = Feature::AVX512VP2INTERSECT; return true;
        case ZYDIS_ISA_SET_AVX512_GFNI_128:
        case ZYDIS_ISA_SET_AVX512_GFNI_256:
        case ZYDIS_ISA_SET_AVX512_GFNI_512: feature = Feature::GFNI; return true;
        case ZYDIS_ISA_SET_AVX512_VAES_128:
        case ZYDIS_ISA_SET_AVX512_VAES_256:
        case ZYDIS_ISA_SET_AVX512_VAES_512: feature = Feature::VAES; return true;
        case ZYDIS_ISA_SET_AVX512_VPCLMULQDQ_128:
        case ZYDIS_ISA_SET_AVX512_VPCLMULQDQ_256:
        case ZYDIS_ISA_SET_AVX512_VPCLMULQDQ_512: feature = Feature::VPCLMULQDQ; return true;
        default: return false;
    }
}

}  // namespace

void set_decoder_features(ZydisDecoder& decoder, const x86::CpuidModel& model) {
    const auto set = [&](ZydisDecoderMode mode, bool on) { ZydisDecoderEnableMode(&decoder, mode, on ? 1 : 0); };
    set(ZYDIS_DECODER_MODE_TZCNT, model.has(Feature::BMI1));
    set(ZYDIS_DECODER_MODE_LZCNT, model.has(Feature::LZCNT));
    set(ZYDIS_DECODER_MODE_AMD_BRANCHES, false);
    set(ZYDIS_DECODER_MODE_KNC, false);
    set(ZYDIS_DECODER_MODE_MPX, false);
    set(ZYDIS_DECODER_MODE_CET, false);       // ENDBR is a NOP
    set(ZYDIS_DECODER_MODE_WBNOINVD, false);  // WBINVD
    set(ZYDIS_DECODER_MODE_CLDEMOTE, false);  // a NOP
}

bool admits(const x86::CpuidModel& model, const ZydisDecodedInstruction& info) {
    Feature feature = kAlways;
    if (feature_of_avx512(info.meta.isa_set, feature)) return model.has(Feature::AVX512F) && model.has(feature);
    // XOP and what else of EVEX there is belong to features that no model has.
    if (info.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY && info.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return false;
    }
    // Whatever else it needs: a VEX prefix on a vector instruction needs AVX (BMI's do not).
    const bool bmi = info.meta.isa_set == ZYDIS_ISA_SET_BMI1 || info.meta.isa_set == ZYDIS_ISA_SET_BMI2;
    if (info.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX && !bmi && !model.has(Feature::AVX)) return false;
    if (info.meta.isa_set == ZYDIS_ISA_SET_AVXAES) return model.has(Feature::AES);
    // XGETBV with ECX = 1 is checked where it is executed; PREFETCHW without the feature is a NOP on Intel.
    if (info.mnemonic == ZYDIS_MNEMONIC_PREFETCHW || info.mnemonic == ZYDIS_MNEMONIC_PREFETCH) return true;
    if (info.mnemonic == ZYDIS_MNEMONIC_UD0 || info.mnemonic == ZYDIS_MNEMONIC_UD1) return true;
    if (!feature_of(info.meta.isa_set, feature)) return false;
    return feature == kAlways || model.has(feature);
}

}  // namespace hospes::translator
