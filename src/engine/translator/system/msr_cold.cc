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

bool is_platform(const CpuidModel& model, std::uint32_t index) {
    if (index == msr::IA32_APIC_BASE) return true;
    if (index == msr::IA32_TSC_DEADLINE) return model.has(Feature::TSC_DEADLINE);
    if (index >= msr::kX2apicFirst && index <= msr::kX2apicLast) return model.has(Feature::X2APIC);
    return index >= kKvmFirst && index <= kKvmLast;
}

bool has_arch_capabilities(const CpuidModel& model) { return (model.leaf(7, 0, 0, 0, 0).edx >> 29 & 1) != 0; }

Checked<std::uint64_t> read_cold(System& system, std::uint32_t index) {
    if (index == msr::IA32_ARCH_CAPABILITIES && !has_arch_capabilities(system.model)) return general_protection();
    if (index == msr::IA32_XSS && system.model.has(Feature::XSAVES)) return system.state().xss;
    const std::optional<std::uint64_t> value =
        is_platform(system.model, index) ? system.host().msr_read(index) : system.msrs.kept.read(index);
    if (!value) return general_protection();
    return *value;
}

Checked<void> write_cold(System& system, std::uint32_t index, std::uint64_t value) {
    if (index == msr::IA32_XSS && system.model.has(Feature::XSAVES)) {
        if (value != 0) return general_protection();  // no supervisor state component
        return {};
    }
    const bool written =
        is_platform(system.model, index) ? system.host().msr_write(index, value) : system.msrs.kept.write(index, value);
    if (!written) return general_protection();
    return {};
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
