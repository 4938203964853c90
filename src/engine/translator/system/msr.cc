// RDMSR and WRMSR of the registers that kernels use all the time. What is not here is msr_cold.cc's: kRedoCold.
#include "x86/msr.h"

#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"
#include "engine/translator/system/timestamp.h"

namespace hospes::translator {

namespace {

using namespace x86;

constexpr std::uint64_t kEferDefined = efer::SCE | efer::LME | efer::LMA | efer::NXE;
constexpr std::uint64_t kSpecCtrl = 7 | 1u << 10;  // IBRS, STIBP, SSBD, BHI_DIS_S: kept, of no effect
constexpr std::uint64_t kPredCmd = 1;              // IBPB

bool has_tsc_aux(const CpuidModel& model) { return model.has(Feature::RDTSCP) || model.has(Feature::RDPID); }

// Where a register's value lies if reading and writing it is only that and its values are addresses.
std::uint64_t* address_register(GuestState& state, std::uint32_t index) {
    switch (index) {
        case msr::IA32_KERNEL_GS_BASE: return &state.kernel_gs_base;
        case msr::IA32_LSTAR: return &state.lstar;
        case msr::IA32_CSTAR: return &state.cstar;
        case msr::IA32_SYSENTER_ESP: return &state.sysenter_esp;
        case msr::IA32_SYSENTER_EIP: return &state.sysenter_eip;
        default: return nullptr;
    }
}

Checked<std::uint64_t> read_msr(System& system, std::uint32_t index) {
    GuestState& state = system.state();
    if (const std::uint64_t* place = address_register(state, index)) return *place;
    switch (index) {
        case msr::IA32_FS_BASE: return state.segments[FS].base;
        case msr::IA32_GS_BASE: return state.segments[GS].base;
        case msr::IA32_EFER: return state.efer;
        case msr::IA32_STAR: return state.star;
        case msr::IA32_FMASK: return state.fmask;
        case msr::IA32_SYSENTER_CS: return state.sysenter_cs;
        case msr::IA32_TIME_STAMP_COUNTER: return guest_timestamp(state);
        case msr::IA32_TSC_ADJUST: return system.msrs.tsc_adjust;
        case msr::IA32_TSC_AUX:
            if (!has_tsc_aux(system.model)) return general_protection();
            return state.tsc_aux;
        case msr::IA32_SPEC_CTRL: return system.msrs.spec_ctrl;
        case msr::IA32_PAT: return state.pat;
        case msr::IA32_PRED_CMD: return general_protection();  // write only
        default: return redo_cold();
    }
}

Checked<void> write_efer(System& system, std::uint64_t value) {
    GuestState& state = system.state();
    if ((value & ~kEferDefined) != 0) return general_protection();
    value = (value & ~efer::LMA) | (state.efer & efer::LMA);  // read only
    const std::uint64_t changed = value ^ state.efer;
    if ((changed & efer::LME) != 0 && state.paging()) return general_protection();
    state.efer = value;
    if ((changed & efer::NXE) != 0) system.flush |= kFlushAll;
    return {};
}

Checked<void> write_pat(GuestState& state, std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) {
        const std::uint64_t type = (value >> (i * 8)) & 0xff;
        if (type > 7 || type == 2 || type == 3) return general_protection();
    }
    state.pat = value;
    return {};
}

Checked<void> write_base(GuestState& state, SegmentRegister segment, std::uint64_t value) {
    if (!is_canonical(value)) return general_protection();
    state.segments[segment].base = value;
    state.segment_base[segment] = value;
    return {};
}

// Writes of the counter and of its adjustment move both (SDM volume 3, 18.17.3).
void move_timestamp(System& system, std::uint64_t by) {
    system.state().tsc_offset += by;
    system.msrs.tsc_adjust += by;
}

Checked<void> write_masked(std::uint64_t& place, std::uint64_t value, std::uint64_t allowed) {
    if ((value & ~allowed) != 0) return general_protection();
    place = value;
    return {};
}

Checked<void> write_msr(System& system, std::uint32_t index, std::uint64_t value) {
    GuestState& state = system.state();
    if (std::uint64_t* place = address_register(state, index)) {
        if (!is_canonical(value)) return general_protection();
        *place = value;
        return {};
    }
    std::uint64_t nothing = 0;
    switch (index) {
        case msr::IA32_FS_BASE: return write_base(state, FS, value);
        case msr::IA32_GS_BASE: return write_base(state, GS, value);
        case msr::IA32_EFER: return write_efer(system, value);
        case msr::IA32_STAR: state.star = value; return {};
        case msr::IA32_FMASK: return write_masked(state.fmask, value, 0xffff'ffff);
        case msr::IA32_SYSENTER_CS: state.sysenter_cs = value & 0xffff'ffff; return {};
        case msr::IA32_TIME_STAMP_COUNTER: move_timestamp(system, value - guest_timestamp(state)); return {};
        case msr::IA32_TSC_ADJUST: move_timestamp(system, value - system.msrs.tsc_adjust); return {};
        case msr::IA32_TSC_AUX:
            if (!has_tsc_aux(system.model)) return general_protection();
            return write_masked(state.tsc_aux, value, 0xffff'ffff);
        case msr::IA32_SPEC_CTRL: return write_masked(system.msrs.spec_ctrl, value, kSpecCtrl);
        case msr::IA32_PRED_CMD: return write_masked(nothing, value, kPredCmd);
        case msr::IA32_PAT: return write_pat(state, value);
        default: return redo_cold();
    }
}

}  // namespace

Checked<void> execute_rdmsr(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    const auto index = static_cast<std::uint32_t>(state.gpr[RCX]);
    const std::uint64_t value = GUEST_TRY(read_msr(system, index));
    set_gpr(state, RAX, value, 4);
    set_gpr(state, RDX, value >> 32, 4);
    return advance(state, in);
}

Checked<void> execute_wrmsr(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    GUEST_TRY(require_cpl0(state));
    const auto index = static_cast<std::uint32_t>(state.gpr[RCX]);
    GUEST_TRY(write_msr(system, index, state.gpr[RDX] << 32 | (state.gpr[RAX] & 0xffff'ffff)));
    return advance(state, in);
}

}  // namespace hospes::translator
