#include "forms/classify.h"

#include <cstring>

#include "case.h"
#include "x86/host_features.h"

namespace hospes::oracle {

namespace {

// Ways into the kernel, clocks, random numbers, and what tells the machine's own tables.
bool is_refused(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_SYSCALL:
        case ZYDIS_MNEMONIC_SYSENTER:
        case ZYDIS_MNEMONIC_SYSRET:
        case ZYDIS_MNEMONIC_SYSEXIT:
        case ZYDIS_MNEMONIC_INT1:
        case ZYDIS_MNEMONIC_INT3:
        case ZYDIS_MNEMONIC_IRET:
        case ZYDIS_MNEMONIC_IRETD:
        case ZYDIS_MNEMONIC_IRETQ:
        case ZYDIS_MNEMONIC_CPUID:
        case ZYDIS_MNEMONIC_RDTSC:
        case ZYDIS_MNEMONIC_RDTSCP:
        case ZYDIS_MNEMONIC_RDPMC:
        case ZYDIS_MNEMONIC_SGDT:
        case ZYDIS_MNEMONIC_SIDT:
        case ZYDIS_MNEMONIC_SLDT:
        case ZYDIS_MNEMONIC_STR:
        case ZYDIS_MNEMONIC_SMSW:
        case ZYDIS_MNEMONIC_LAR:
        case ZYDIS_MNEMONIC_LSL:
        case ZYDIS_MNEMONIC_VERR:
        case ZYDIS_MNEMONIC_VERW:
        case ZYDIS_MNEMONIC_LFS:
        case ZYDIS_MNEMONIC_LGS:
        case ZYDIS_MNEMONIC_LSS:
        case ZYDIS_MNEMONIC_LDS:
        case ZYDIS_MNEMONIC_LES:
        case ZYDIS_MNEMONIC_BOUND:
        case ZYDIS_MNEMONIC_UD0:
        case ZYDIS_MNEMONIC_UD1:
        case ZYDIS_MNEMONIC_UD2:
        case ZYDIS_MNEMONIC_RSM:
        case ZYDIS_MNEMONIC_GETSEC:
        case ZYDIS_MNEMONIC_SWAPGS:
        case ZYDIS_MNEMONIC_XSETBV: return true;
        default: return false;
    }
}

bool is_environment(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_FLDCW:
        case ZYDIS_MNEMONIC_FNSTCW:
        case ZYDIS_MNEMONIC_FNSTSW:
        case ZYDIS_MNEMONIC_FLDENV:
        case ZYDIS_MNEMONIC_FNSTENV:
        case ZYDIS_MNEMONIC_FNSAVE:
        case ZYDIS_MNEMONIC_FRSTOR:
        case ZYDIS_MNEMONIC_FNINIT:
        case ZYDIS_MNEMONIC_FNCLEX:
        case ZYDIS_MNEMONIC_FWAIT:
        case ZYDIS_MNEMONIC_FXSAVE:
        case ZYDIS_MNEMONIC_FXSAVE64:
        case ZYDIS_MNEMONIC_FXRSTOR:
        case ZYDIS_MNEMONIC_FXRSTOR64:
        case ZYDIS_MNEMONIC_LDMXCSR:
        case ZYDIS_MNEMONIC_STMXCSR:
        case ZYDIS_MNEMONIC_VLDMXCSR:
        case ZYDIS_MNEMONIC_VSTMXCSR:
        case ZYDIS_MNEMONIC_EMMS:
        case ZYDIS_MNEMONIC_VZEROALL:
        case ZYDIS_MNEMONIC_VZEROUPPER: return true;
        default: return false;
    }
}

bool is_mul_div(ZydisMnemonic mnemonic) {
    return mnemonic == ZYDIS_MNEMONIC_MUL || mnemonic == ZYDIS_MNEMONIC_IMUL || mnemonic == ZYDIS_MNEMONIC_DIV ||
           mnemonic == ZYDIS_MNEMONIC_IDIV;
}

bool is_flags_on_stack(ZydisMnemonic mnemonic) {
    return mnemonic == ZYDIS_MNEMONIC_PUSHF || mnemonic == ZYDIS_MNEMONIC_PUSHFQ || mnemonic == ZYDIS_MNEMONIC_POPF ||
           mnemonic == ZYDIS_MNEMONIC_POPFQ;
}

bool is_privileged(const Decoded& decoded) {
    if ((decoded.instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0) return true;
    const auto category = decoded.instruction.meta.category;
    return category == ZYDIS_CATEGORY_IO || category == ZYDIS_CATEGORY_IOSTRINGOP ||
           decoded.instruction.mnemonic == ZYDIS_MNEMONIC_CLI || decoded.instruction.mnemonic == ZYDIS_MNEMONIC_STI;
}

// A load of FS or GS would change the base that the harness set; loads of CS are not loads.
bool loads_unsafe_segment(const Form& form, const Decoded& decoded) {
    for (unsigned i = 0; i < decoded.instruction.operand_count_visible; ++i) {
        const ZydisDecodedOperand& operand = decoded.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) continue;
        const auto reg_class = ZydisRegisterGetClass(operand.reg.value);
        if (reg_class == ZYDIS_REGCLASS_CONTROL || reg_class == ZYDIS_REGCLASS_DEBUG) return true;
        if (reg_class != ZYDIS_REGCLASS_SEGMENT) continue;
        const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        if (written && form.mnemonic == ZYDIS_MNEMONIC_POP) return true;
    }
    return false;
}

Group classify_branch(const Form& form, const Decoded& decoded) {
    // The makers disagree on what an operand-size prefix does to a branch, and far ones leave the sandbox's segments.
    if (decoded.instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR || form.operand_size) return Group::None;
    return Group::ControlFlow;
}

Group classify_base(const Form& form, const Decoded& decoded) {
    if (form.lock) return Group::Atomic;
    if (loads_unsafe_segment(form, decoded)) return Group::None;
    if (is_flags_on_stack(form.mnemonic)) return Group::Flags;
    switch (decoded.instruction.meta.category) {
        case ZYDIS_CATEGORY_BINARY: return is_mul_div(form.mnemonic) ? Group::IntMulDiv : Group::IntAlu;
        case ZYDIS_CATEGORY_LOGICAL: return Group::IntAlu;
        case ZYDIS_CATEGORY_SHIFT:
        case ZYDIS_CATEGORY_ROTATE: return Group::ShiftRotate;
        case ZYDIS_CATEGORY_BITBYTE: return Group::Bit;
        case ZYDIS_CATEGORY_SETCC:
        case ZYDIS_CATEGORY_CMOV: return Group::CmovSetcc;
        case ZYDIS_CATEGORY_SEMAPHORE: return Group::Atomic;
        case ZYDIS_CATEGORY_PUSH:
        case ZYDIS_CATEGORY_POP: return Group::Stack;
        case ZYDIS_CATEGORY_STRINGOP: return Group::String;
        case ZYDIS_CATEGORY_FLAGOP: return Group::Flags;
        case ZYDIS_CATEGORY_COND_BR:
        case ZYDIS_CATEGORY_UNCOND_BR:
        case ZYDIS_CATEGORY_CALL:
        case ZYDIS_CATEGORY_RET: return classify_branch(form, decoded);
        case ZYDIS_CATEGORY_INTERRUPT: return Group::ControlFlow;
        case ZYDIS_CATEGORY_DECIMAL: return Group::Compat32;
        case ZYDIS_CATEGORY_NOP:
        case ZYDIS_CATEGORY_WIDENOP:
        case ZYDIS_CATEGORY_CONVERT:
        case ZYDIS_CATEGORY_DATAXFER: return Group::MovExtend;
        case ZYDIS_CATEGORY_MISC:
            return form.mnemonic == ZYDIS_MNEMONIC_ENTER || form.mnemonic == ZYDIS_MNEMONIC_LEAVE ? Group::Stack
                                                                                                  : Group::MovExtend;
        default: return Group::None;
    }
}

// What each extension of AVX-512 is called in the names of the decoder's sets, and what CPUID calls it. The first five
// are level 4.
struct Extension {
    const char* prefix;
    x86::Feature feature;
};
constexpr Extension kExtensions[] = {
    {"AVX512F_", x86::Feature::AVX512F},
    {"AVX512BW_", x86::Feature::AVX512BW},
    {"AVX512CD_", x86::Feature::AVX512CD},
    {"AVX512DQ_", x86::Feature::AVX512DQ},
    {"AVX512_IFMA_", x86::Feature::AVX512IFMA},
    {"AVX512_VBMI_", x86::Feature::AVX512VBMI},
    {"AVX512_VBMI2_", x86::Feature::AVX512VBMI2},
    {"AVX512_VNNI_", x86::Feature::AVX512VNNI},
    {"AVX512_BF16_", x86::Feature::AVX512BF16},
    {"AVX512_BITALG_", x86::Feature::AVX512BITALG},
    {"AVX512_VPOPCNTDQ_", x86::Feature::AVX512VPOPCNTDQ},
    {"AVX512_VP2INTERSECT_", x86::Feature::AVX512VP2INTERSECT},
    {"AVX512_GFNI_", x86::Feature::GFNI},
    {"AVX512_VAES_", x86::Feature::VAES},
    {"AVX512_VPCLMULQDQ_", x86::Feature::VPCLMULQDQ},
};

Group classify_avx512(const Decoded& decoded) {
    const char* set = ZydisISASetGetString(decoded.instruction.meta.isa_set);
    for (const Extension& extension : kExtensions) {
        if (std::strncmp(set, extension.prefix, std::strlen(extension.prefix)) != 0) continue;
        if (!has_avx512 || !x86::host_executes(extension.feature)) return Group::None;
        if (decoded.instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX) return Group::Mask;
        return extension.prefix[6] == '_' ? Group::Avx512More : Group::Avx512;
    }
    return Group::None;
}

Group classify_64(const Form& form, const Decoded& decoded) {
    const auto& instruction = decoded.instruction;
    if (is_privileged(decoded)) {
        return instruction.meta.isa_ext == ZYDIS_ISA_EXT_BASE && !loads_unsafe_segment(form, decoded)
                   ? Group::Privileged
                   : Group::None;
    }
    if (is_environment(form.mnemonic)) return Group::FpuEnv;
    const bool mmx = form.fields[FieldReg] == FieldKind::Mmx || form.fields[FieldRm] == FieldKind::Mmx;
    switch (instruction.meta.isa_ext) {
        case ZYDIS_ISA_EXT_BASE:
        case ZYDIS_ISA_EXT_LONGMODE: return classify_base(form, decoded);
        case ZYDIS_ISA_EXT_PAUSE:
        case ZYDIS_ISA_EXT_AMD3DNOW_PREFETCH:
        case ZYDIS_ISA_EXT_MOVBE: return Group::MovExtend;
        case ZYDIS_ISA_EXT_CET:
            return form.mnemonic == ZYDIS_MNEMONIC_ENDBR64 || form.mnemonic == ZYDIS_MNEMONIC_ENDBR32 ? Group::MovExtend
                                                                                                      : Group::None;
        case ZYDIS_ISA_EXT_BMI1:
        case ZYDIS_ISA_EXT_BMI2:
        case ZYDIS_ISA_EXT_LZCNT:
        case ZYDIS_ISA_EXT_ADOX_ADCX: return Group::Bmi;
        case ZYDIS_ISA_EXT_X87: return Group::X87;
        case ZYDIS_ISA_EXT_MMX: return Group::Mmx;
        case ZYDIS_ISA_EXT_SSE: return mmx ? Group::Mmx : Group::Sse;
        case ZYDIS_ISA_EXT_CLFSH:
        case ZYDIS_ISA_EXT_SSE2: return mmx ? Group::Mmx : Group::Sse2;
        case ZYDIS_ISA_EXT_SSE3:
        case ZYDIS_ISA_EXT_SSSE3:
        case ZYDIS_ISA_EXT_SSE4:
            if (form.mnemonic == ZYDIS_MNEMONIC_POPCNT) return Group::Bmi;
            return mmx ? Group::Mmx : Group::Sse34;
        case ZYDIS_ISA_EXT_AES:
        case ZYDIS_ISA_EXT_PCLMULQDQ:
        case ZYDIS_ISA_EXT_SHA:
        case ZYDIS_ISA_EXT_AVXAES: return Group::Crypto;
        case ZYDIS_ISA_EXT_AVX: return form.mnemonic == ZYDIS_MNEMONIC_VPCLMULQDQ ? Group::Crypto : Group::Avx;
        case ZYDIS_ISA_EXT_AVX2:
        case ZYDIS_ISA_EXT_AVX2GATHER: return Group::Avx2;
        case ZYDIS_ISA_EXT_FMA: return Group::Fma;
        case ZYDIS_ISA_EXT_F16C: return Group::F16c;
        case ZYDIS_ISA_EXT_AVX512EVEX:
        case ZYDIS_ISA_EXT_AVX512VEX: return classify_avx512(decoded);
        default: return Group::None;
    }
}

}  // namespace

Group classify(const Form& form, const Decoded& decoded) {
    if (is_refused(form.mnemonic)) return Group::None;
    // Prefetches of a register: #UD with one maker, nothing with the other.
    if (form.map == 1 && form.opcode == 0x0d && !form.memory) return Group::None;
    const Group group = classify_64(form, decoded);
    if (form.compat && group != Group::None) return Group::Compat32;
    return group;
}

}  // namespace hospes::oracle
