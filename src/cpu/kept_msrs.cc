// SDM volume 4, table 2-2; MTRRs: volume 3, 12.11.
#include "cpu/kept_msrs.h"

#include "x86/msr.h"

namespace hospes::cpu {

namespace {

using namespace x86;

constexpr std::uint32_t IA32_P5_MC_ADDR = 0, IA32_P5_MC_TYPE = 1;
constexpr std::uint32_t IA32_DEBUGCTL = 0x1d9;
constexpr std::uint64_t kMicrocode = 1ull << 32;  // revision 1
constexpr std::uint64_t kMtrrDefType = 0xcff;
constexpr std::uint64_t kPhysicalMask = (1ull << 46) - 1;  // as CPUID leaf 8000_0008H says

// Bits of IA32_MISC_ENABLE that processors have; only fast strings can be changed here.
constexpr std::uint64_t kMiscDefined = 1u << 0 | 1u << 3 | 1u << 7 | 1u << 11 | 1u << 12 | 1u << 16 | 1u << 18 |
                                       1u << 22 | 1u << 23 | 1ull << 34 | 1ull << 38;
constexpr std::uint64_t kMiscWritable = 1;
constexpr std::uint64_t kDebugctl = 3;  // LBR, BTF
constexpr std::uint64_t kSpecCtrl = 7;  // IBRS, STIBP, SSBD
constexpr std::uint64_t kPredCmd = 1;   // IBPB

bool is_memory_type(std::uint64_t type) { return type <= 6 && type != 2 && type != 3; }

// Number of a fixed-range MTRR: 250H; 258H, 259H; 268H to 26FH.
std::optional<unsigned> fixed_range(std::uint32_t index) {
    if (index == msr::IA32_MTRR_FIX64K_00000) return 0;
    if (index == 0x258 || index == 0x259) return 1 + (index - 0x258);
    if (index >= 0x268 && index <= 0x26f) return 3 + (index - 0x268);
    return std::nullopt;
}

bool is_valid_mtrr(std::uint32_t index, std::uint64_t value) {
    if (index == msr::IA32_MTRR_DEF_TYPE) return (value & ~kMtrrDefType) == 0 && is_memory_type(value & 0xff);
    if (fixed_range(index)) {
        for (unsigned i = 0; i < 8; ++i) {
            if (!is_memory_type((value >> (i * 8)) & 0xff)) return false;
        }
        return true;
    }
    if ((value & ~kPhysicalMask) != 0) return false;
    if ((index & 1) != 0) return (value & 0x7ff) == 0;            // mask, valid bit
    return (value & 0xf00) == 0 && is_memory_type(value & 0xff);  // base, type
}

bool keep(std::uint64_t& place, std::uint64_t value, std::uint64_t allowed) {
    if ((value & ~allowed) != 0) return false;
    place = value;
    return true;
}

// Where an MTRR is kept, in values that may be const; nullptr if it is none.
template <typename Values>
auto mtrr(Values& values, std::uint32_t index) -> decltype(&values.mtrr_def_type) {
    if (index == msr::IA32_MTRR_DEF_TYPE) return &values.mtrr_def_type;
    const std::uint32_t variable = index - msr::IA32_MTRR_PHYSBASE0;  // wraps around below it
    if (variable < values.mtrr_variable.size()) return &values.mtrr_variable[variable];
    if (const std::optional<unsigned> number = fixed_range(index)) return &values.mtrr_fixed[*number];
    return nullptr;
}

}  // namespace

std::optional<std::uint64_t> KeptMsrs::read(std::uint32_t index) const {
    if (const std::uint64_t* place = mtrr(values_, index)) return *place;
    switch (index) {
        case IA32_P5_MC_ADDR:  // no machine check ever
        case IA32_P5_MC_TYPE:
        case msr::IA32_PLATFORM_ID:
        case msr::IA32_MCG_CAP:  // no banks
        case msr::IA32_MCG_STATUS: return 0;
        case msr::IA32_BIOS_SIGN_ID: return kMicrocode;
        case msr::IA32_MTRRCAP:
            return KeptMsrValues::kVariableRanges | 1u << 8 | 1u << 10;  // fixed ranges, write combining
        case msr::IA32_MISC_ENABLE: return values_.misc_enable;
        case IA32_DEBUGCTL: return values_.debugctl;
        case msr::IA32_SPEC_CTRL: return values_.spec_ctrl;
        case msr::IA32_ARCH_CAPABILITIES: return arch_capabilities_;
        default: return std::nullopt;
    }
}

bool KeptMsrs::write(std::uint32_t index, std::uint64_t value) {
    if (std::uint64_t* place = mtrr(values_, index)) {
        if (!is_valid_mtrr(index, value)) return false;
        *place = value;
        return true;
    }
    std::uint64_t nothing = 0;
    switch (index) {
        case msr::IA32_BIOS_SIGN_ID:  // written before CPUID, to have the revision put there
        case msr::IA32_BIOS_UPDT_TRIG: return true;
        case IA32_P5_MC_ADDR:
        case IA32_P5_MC_TYPE:
        case msr::IA32_MCG_STATUS: return value == 0;
        case msr::IA32_MISC_ENABLE:
            if ((value & ~kMiscDefined) != 0) return false;
            values_.misc_enable = (values_.misc_enable & ~kMiscWritable) | (value & kMiscWritable);
            return true;
        case IA32_DEBUGCTL: return keep(values_.debugctl, value, kDebugctl);
        case msr::IA32_SPEC_CTRL: return keep(values_.spec_ctrl, value, kSpecCtrl);
        case msr::IA32_PRED_CMD: return keep(nothing, value, kPredCmd);
        default: return false;
    }
}

}  // namespace hospes::cpu
