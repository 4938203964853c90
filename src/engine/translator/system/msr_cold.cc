// MSRs that kernels look at while they boot, and those of the platform (SDM volume 4, table 2-2).
#include <optional>

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "x86/msr.h"

namespace hospes::translator {

namespace {

using namespace x86;

constexpr std::uint32_t kKvmFirst = 0x4b564d00;
constexpr std::uint32_t kKvmLast = 0x4b564dff;
constexpr std::uint32_t IA32_DEBUGCTL = 0x1d9;

// No guest load runs on a host mapping that denies it, so Meltdown and kin find nothing; against what host hardware
// leaks between guest programs, a guest's own means (VERW, PTI, retpolines) have no effect here and would only cost.
// RDCL_NO IBRS_ALL SKIP_L1DFL_VMENTRY SSB_NO MDS_NO PSCHANGE_MC_NO TAA_NO SBDR_SSDP_NO FBSDP_NO PSDP_NO BHI_NO
// PBRSB_NO GDS_NO RFDS_NO ITS_NO.
constexpr std::uint64_t kArchCapabilities = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 8 |
                                            1u << 13 | 1u << 14 | 1u << 15 | 1u << 20 | 1u << 24 | 1u << 26 | 1u << 27 |
                                            1ull << 62;
constexpr std::uint64_t kMicrocode = 1ull << 32;  // revision 1

constexpr unsigned kVariableRanges = 8;
constexpr std::uint64_t kMtrrCap = kVariableRanges | 1u << 8 | 1u << 10;  // fixed ranges, write combining
constexpr std::uint64_t kMtrrDefType = 0xcff;
constexpr std::uint64_t kPhysicalMask = (1ull << kPhysicalBits) - 1;

// Bits of IA32_MISC_ENABLE that processors have; only fast strings can be changed here.
constexpr std::uint64_t kMiscDefined = 1u << 0 | 1u << 3 | 1u << 7 | 1u << 11 | 1u << 12 | 1u << 16 | 1u << 18 |
                                       1u << 22 | 1u << 23 | 1ull << 34 | 1ull << 38;
constexpr std::uint64_t kMiscWritable = 1;
constexpr std::uint64_t kDebugctl = 3;  // LBR, BTF: kept, of no effect

bool is_platform(const CpuidModel& model, std::uint32_t index) {
    if (index == msr::IA32_APIC_BASE) return true;
    if (index == msr::IA32_TSC_DEADLINE) return model.has(Feature::TSC_DEADLINE);
    if (index >= msr::kX2apicFirst && index <= msr::kX2apicLast) return model.has(Feature::X2APIC);
    return index >= kKvmFirst && index <= kKvmLast;
}

bool has_arch_capabilities(const CpuidModel& model) { return (model.leaf(7, 0, 0, 0, 0).edx >> 29 & 1) != 0; }

bool is_memory_type(std::uint64_t type) { return type <= 6 && type != 2 && type != 3; }

// Number of a fixed-range MTRR: 250H; 258H, 259H; 268H to 26FH.
std::optional<unsigned> fixed_range(std::uint32_t index) {
    if (index == msr::IA32_MTRR_FIX64K_00000) return 0;
    if (index == 0x258 || index == 0x259) return 1 + (index - 0x258);
    if (index >= 0x268 && index <= 0x26f) return 3 + (index - 0x268);
    return std::nullopt;
}

std::uint64_t* mtrr(MsrState& msrs, std::uint32_t index) {
    if (index == msr::IA32_MTRR_DEF_TYPE) return &msrs.mtrr_def_type;
    if (index >= msr::IA32_MTRR_PHYSBASE0 && index < msr::IA32_MTRR_PHYSBASE0 + 2 * kVariableRanges) {
        return &msrs.mtrr_variable[index - msr::IA32_MTRR_PHYSBASE0];
    }
    if (const std::optional<unsigned> number = fixed_range(index)) return &msrs.mtrr_fixed[*number];
    return nullptr;
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

Checked<std::uint64_t> read_cold(System& system, std::uint32_t index) {
    if (is_platform(system.model, index)) {
        const std::optional<std::uint64_t> value = system.host().msr_read(index);
        if (!value) return general_protection();
        return *value;
    }
    if (const std::uint64_t* place = mtrr(system.msrs, index)) return *place;
    switch (index) {
        case 0:  // IA32_P5_MC_ADDR, IA32_P5_MC_TYPE: no machine check ever
        case 1:
        case msr::IA32_PLATFORM_ID:
        case msr::IA32_MCG_CAP:  // no banks
        case msr::IA32_MCG_STATUS: return std::uint64_t{0};
        case msr::IA32_BIOS_SIGN_ID: return kMicrocode;
        case msr::IA32_MTRRCAP: return kMtrrCap;
        case msr::IA32_MISC_ENABLE: return system.msrs.misc_enable;
        case IA32_DEBUGCTL: return system.msrs.debugctl;
        case msr::IA32_ARCH_CAPABILITIES:
            if (has_arch_capabilities(system.model)) return kArchCapabilities;
            return general_protection();
        default: return general_protection();
    }
}

Checked<void> write_cold(System& system, std::uint32_t index, std::uint64_t value) {
    if (is_platform(system.model, index)) {
        if (!system.host().msr_write(index, value)) return general_protection();
        return {};
    }
    MsrState& msrs = system.msrs;
    if (std::uint64_t* place = mtrr(msrs, index)) {
        if (!is_valid_mtrr(index, value)) return general_protection();
        *place = value;
        return {};
    }
    switch (index) {
        case msr::IA32_BIOS_SIGN_ID:  // written before CPUID, to have the revision put there
        case msr::IA32_BIOS_UPDT_TRIG: return {};
        case 0:
        case 1:
        case msr::IA32_MCG_STATUS:
            if (value != 0) return general_protection();
            return {};
        case msr::IA32_MISC_ENABLE:
            if ((value & ~kMiscDefined) != 0) return general_protection();
            msrs.misc_enable = (msrs.misc_enable & ~kMiscWritable) | (value & kMiscWritable);
            return {};
        case IA32_DEBUGCTL:
            if ((value & ~kDebugctl) != 0) return general_protection();
            msrs.debugctl = value;
            return {};
        default: return general_protection();
    }
}

bool wants_cold(const Checked<void>& outcome) { return !outcome.ok() && outcome.fault().vector == kRedoCold; }

}  // namespace

Checked<void> execute_rdmsr_cold(System& system, const DecodedInstruction& in) {
    const Checked<void> outcome = execute_rdmsr(system, in);
    if (!wants_cold(outcome)) return outcome;
    GuestState& state = system.state();
    const std::uint64_t value = GUEST_TRY(read_cold(system, static_cast<std::uint32_t>(state.gpr[RCX])));
    set_gpr(state, RAX, value, 4);
    set_gpr(state, RDX, value >> 32, 4);
    return advance(state, in);
}

Checked<void> execute_wrmsr_cold(System& system, const DecodedInstruction& in) {
    const Checked<void> outcome = execute_wrmsr(system, in);
    if (!wants_cold(outcome)) return outcome;
    GuestState& state = system.state();
    const std::uint64_t value = state.gpr[RDX] << 32 | (state.gpr[RAX] & 0xffff'ffff);
    GUEST_TRY(write_cold(system, static_cast<std::uint32_t>(state.gpr[RCX]), value));
    return advance(state, in);
}

}  // namespace hospes::translator
