// CR0, CR2, CR3, CR4 (SDM volume 3, 2.5, 4.1 and 10.8.5; volume 2, MOV to and from control registers).
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

namespace {

using namespace x86;

constexpr std::uint64_t kCr0Defined =
    cr0::PE | cr0::MP | cr0::EM | cr0::TS | cr0::ET | cr0::NE | cr0::WP | cr0::AM | cr0::NW | cr0::CD | cr0::PG;
constexpr std::uint64_t kNoFlush = 1ull << 63;  // of a CR3 write with PCIDs
constexpr std::uint64_t kPcid = 0xfff;

// CR4 bits of features that every model has, and of those that models differ in.
std::uint64_t cr4_offered(const CpuidModel& model) {
    std::uint64_t bits =
        cr4::TSD | cr4::DE | cr4::PSE | cr4::PAE | cr4::MCE | cr4::PGE | cr4::PCE | cr4::OSFXSR | cr4::OSXMMEXCPT;
    if (model.has(Feature::UMIP)) bits |= cr4::UMIP;
    if (model.has(Feature::FSGSBASE)) bits |= cr4::FSGSBASE;
    if (model.has(Feature::PCID)) bits |= cr4::PCIDE;
    if (model.has(Feature::XSAVE)) bits |= cr4::OSXSAVE;
    if (model.has(Feature::SMEP)) bits |= cr4::SMEP;
    if (model.has(Feature::SMAP)) bits |= cr4::SMAP;
    return bits;
}

Checked<void> load_pdptes_of(System& system, std::uint64_t cr3) {
    if (!load_pdptes(system.state(), system.mmu.ram, cr3)) return general_protection();
    return {};
}

// Conditions on turning paging on, which may be the step into long mode. Last, it loads the PDPTEs.
Checked<void> check_paging_on(System& system, const GuestState& state) {
    if ((state.efer & efer::LME) != 0) {
        if ((state.cr4 & cr4::PAE) == 0 || state.segments[CS].long_mode()) return general_protection();
        const bool tss16 = !state.tr.is_code_or_data() && (state.tr.type() == 1 || state.tr.type() == 3);
        if (tss16) return general_protection();
    } else if ((state.cr4 & cr4::PAE) != 0) {
        return load_pdptes_of(system, state.cr3);
    }
    return {};
}

Checked<void> set_cr0(System& system, std::uint64_t value) {
    GuestState& state = system.state();
    if ((value >> 32) != 0) return general_protection();
    value = (value & kCr0Defined) | cr0::ET;
    if ((value & cr0::PG) != 0 && (value & cr0::PE) == 0) return general_protection();
    if ((value & cr0::NW) != 0 && (value & cr0::CD) == 0) return general_protection();
    const std::uint64_t changed = value ^ state.cr0;
    if ((changed & cr0::PG) != 0) {
        if ((value & cr0::PG) != 0) {
            GUEST_TRY(check_paging_on(system, state));
            if ((state.efer & efer::LME) != 0) state.efer |= efer::LMA;
        } else {
            if (state.code64() || (state.cr4 & cr4::PCIDE) != 0) return general_protection();
            state.efer &= ~efer::LMA;
        }
    } else if ((changed & (cr0::CD | cr0::NW)) != 0 && (value & cr0::PG) != 0 && !state.long_mode() &&
               (state.cr4 & cr4::PAE) != 0) {
        GUEST_TRY(load_pdptes_of(system, state.cr3));
    }
    state.cr0 = value;
    if ((changed & (cr0::PG | cr0::WP | cr0::PE)) != 0) system.flush |= kFlushAll;
    return {};
}

Checked<void> set_cr3(System& system, std::uint64_t value) {
    GuestState& state = system.state();
    bool keep = false;
    if ((state.cr4 & cr4::PCIDE) != 0) {
        keep = (value & kNoFlush) != 0;
        value &= ~kNoFlush;
    }
    if ((value >> kPhysicalBits) != 0) return general_protection();
    if (state.paging() && !state.long_mode() && (state.cr4 & cr4::PAE) != 0) {
        GUEST_TRY(load_pdptes_of(system, value));
    }
    if (!keep) system.flush |= kFlushNonGlobal;
    if ((state.cr4 & cr4::PCIDE) != 0 && ((value ^ state.cr3) & kPcid) != 0) system.flush |= kChangeSpace;
    state.cr3 = value;
    return {};
}

Checked<void> set_cr4(System& system, std::uint64_t value) {
    GuestState& state = system.state();
    if ((value & ~cr4_offered(system.model)) != 0) return general_protection();
    const std::uint64_t changed = value ^ state.cr4;
    if (state.long_mode() && (value & cr4::PAE) == 0) return general_protection();
    if ((changed & value & cr4::PCIDE) != 0 && (!state.long_mode() || (state.cr3 & kPcid) != 0)) {
        return general_protection();
    }
    constexpr std::uint64_t kReload = cr4::PAE | cr4::PGE | cr4::PSE | cr4::SMEP;
    if (state.paging() && !state.long_mode() && (value & cr4::PAE) != 0 && (changed & kReload) != 0) {
        GUEST_TRY(load_pdptes_of(system, state.cr3));
    }
    state.cr4 = value;
    if ((changed & (kReload | cr4::PCIDE | cr4::SMAP)) != 0) system.flush |= kFlushAll;
    return {};
}

}  // namespace

Checked<void> read_control_register(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    std::uint64_t value = 0;
    switch (in.operands[1].reg.value) {
        case ZYDIS_REGISTER_CR0: value = state.cr0; break;
        case ZYDIS_REGISTER_CR2: value = state.cr2; break;
        case ZYDIS_REGISTER_CR3: value = state.cr3; break;
        case ZYDIS_REGISTER_CR4: value = state.cr4; break;
        case ZYDIS_REGISTER_CR8: return redo_cold();
        default: return undefined_opcode();
    }
    write_register(state, in.operands[0].reg.value, value);
    return advance(state, in);
}

Checked<void> write_control_register(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    const std::uint64_t value = read_register(state, in.operands[1].reg.value);
    const std::uint64_t next = next_rip(state, in);  // of the code that runs now: long mode may end or begin
    switch (in.operands[0].reg.value) {
        case ZYDIS_REGISTER_CR0: GUEST_TRY(set_cr0(system, value)); break;
        case ZYDIS_REGISTER_CR2: state.cr2 = value; break;
        case ZYDIS_REGISTER_CR3: GUEST_TRY(set_cr3(system, value)); break;
        case ZYDIS_REGISTER_CR4: GUEST_TRY(set_cr4(system, value)); break;
        case ZYDIS_REGISTER_CR8: return redo_cold();
        default: return undefined_opcode();
    }
    state.rip = next;
    return {};
}

Checked<void> execute_smsw(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    if (state.cpl != 0 && (state.cr4 & cr4::UMIP) != 0) return general_protection();
    GUEST_TRY(write_operand(system, in, 0, state.cr0));  // memory: 16 bits
    return advance(state, in);
}

// Sets TS, EM, MP and PE; it cannot clear PE.
Checked<void> execute_lmsw(System& system, const DecodedInstruction& in) {
    constexpr std::uint64_t kLow = cr0::PE | cr0::MP | cr0::EM | cr0::TS;
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    const std::uint64_t value = GUEST_TRY(read_operand(system, in, 0));
    GUEST_TRY(set_cr0(system, (state.cr0 & ~(kLow & ~cr0::PE)) | (value & kLow)));
    return advance(state, in);
}

Checked<void> execute_clts(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    state.cr0 &= ~cr0::TS;
    return advance(state, in);
}

}  // namespace hospes::translator
