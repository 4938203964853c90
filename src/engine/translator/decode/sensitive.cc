#include "engine/translator/decode/sensitive.h"

namespace hospes::translator {

namespace {

// Categories of which nothing may ever run natively.
bool is_sensitive_category(ZydisInstructionCategory category) {
    switch (category) {
        case ZYDIS_CATEGORY_SYSTEM:
        case ZYDIS_CATEGORY_INTERRUPT:
        case ZYDIS_CATEGORY_IO:
        case ZYDIS_CATEGORY_IOSTRINGOP:
        case ZYDIS_CATEGORY_SYSCALL:
        case ZYDIS_CATEGORY_SYSRET:
        case ZYDIS_CATEGORY_SEGOP:
        case ZYDIS_CATEGORY_STRINGOP:
        case ZYDIS_CATEGORY_XSAVE:
        case ZYDIS_CATEGORY_XSAVEOPT:
        case ZYDIS_CATEGORY_SMAP:
        case ZYDIS_CATEGORY_RDWRFSGS:
        case ZYDIS_CATEGORY_GATHER:
        case ZYDIS_CATEGORY_AVX2GATHER:
        case ZYDIS_CATEGORY_SCATTER:
        case ZYDIS_CATEGORY_VTX:
        case ZYDIS_CATEGORY_SGX:
        case ZYDIS_CATEGORY_CET:
        case ZYDIS_CATEGORY_PKU:
        case ZYDIS_CATEGORY_UINTR:
        case ZYDIS_CATEGORY_CLZERO:
        case ZYDIS_CATEGORY_MOVDIR:
        case ZYDIS_CATEGORY_ENQCMD:
        case ZYDIS_CATEGORY_WAITPKG:
        case ZYDIS_CATEGORY_RDPID:
        case ZYDIS_CATEGORY_RDPRU:
        case ZYDIS_CATEGORY_RDRAND:
        case ZYDIS_CATEGORY_RDSEED:
        case ZYDIS_CATEGORY_MPX: return true;
        default: return false;
    }
}

// Unprivileged, yet not to be run as they are: they read or write what is not the guest's, or have memory operands
// that the probe cannot cover.
bool is_sensitive_mnemonic(ZydisMnemonic mnemonic) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_STI:
        case ZYDIS_MNEMONIC_IRET:
        case ZYDIS_MNEMONIC_IRETD:
        case ZYDIS_MNEMONIC_IRETQ:
        case ZYDIS_MNEMONIC_CPUID:
        case ZYDIS_MNEMONIC_RDTSCP:
        case ZYDIS_MNEMONIC_RDPMC:
        case ZYDIS_MNEMONIC_XGETBV:
        case ZYDIS_MNEMONIC_XLAT:
        case ZYDIS_MNEMONIC_ENTER:
        case ZYDIS_MNEMONIC_PUSHF:
        case ZYDIS_MNEMONIC_PUSHFD:
        case ZYDIS_MNEMONIC_PUSHFQ:
        case ZYDIS_MNEMONIC_POPF:
        case ZYDIS_MNEMONIC_POPFD:
        case ZYDIS_MNEMONIC_POPFQ:
        case ZYDIS_MNEMONIC_PUSHA:
        case ZYDIS_MNEMONIC_PUSHAD:
        case ZYDIS_MNEMONIC_POPA:
        case ZYDIS_MNEMONIC_POPAD:
        case ZYDIS_MNEMONIC_FXSAVE:
        case ZYDIS_MNEMONIC_FXSAVE64:
        case ZYDIS_MNEMONIC_FXRSTOR:
        case ZYDIS_MNEMONIC_FXRSTOR64:
        case ZYDIS_MNEMONIC_FNSTENV:
        case ZYDIS_MNEMONIC_FLDENV:
        case ZYDIS_MNEMONIC_FNSAVE:
        case ZYDIS_MNEMONIC_FRSTOR:
        case ZYDIS_MNEMONIC_MASKMOVQ:
        case ZYDIS_MNEMONIC_MASKMOVDQU:
        case ZYDIS_MNEMONIC_VMASKMOVDQU:
        case ZYDIS_MNEMONIC_VMASKMOVPS:
        case ZYDIS_MNEMONIC_VMASKMOVPD:
        case ZYDIS_MNEMONIC_VPMASKMOVD:
        case ZYDIS_MNEMONIC_VPMASKMOVQ:
        case ZYDIS_MNEMONIC_MONITOR:
        case ZYDIS_MNEMONIC_MWAIT:
        case ZYDIS_MNEMONIC_MONITORX:
        case ZYDIS_MNEMONIC_MWAITX:
        case ZYDIS_MNEMONIC_SALC:
        case ZYDIS_MNEMONIC_AAA:
        case ZYDIS_MNEMONIC_AAD:
        case ZYDIS_MNEMONIC_AAM:
        case ZYDIS_MNEMONIC_AAS:
        case ZYDIS_MNEMONIC_DAA:
        case ZYDIS_MNEMONIC_DAS:
        case ZYDIS_MNEMONIC_BOUND:
        case ZYDIS_MNEMONIC_ARPL:
        case ZYDIS_MNEMONIC_UD0:
        case ZYDIS_MNEMONIC_UD1:
        case ZYDIS_MNEMONIC_UD2: return true;
        default: return false;
    }
}

}  // namespace

bool is_sensitive(const ZydisDecodedInstruction& info) {
    return (info.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0 || is_sensitive_category(info.meta.category) ||
           is_sensitive_mnemonic(info.mnemonic);
}

}  // namespace hospes::translator
