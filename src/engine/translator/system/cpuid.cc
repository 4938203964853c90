// CPUID.
#include "engine/translator/system/handlers.h"
#include "engine/translator/system/operands.h"

namespace hospes::translator {

Checked<void> execute_cpuid(System& system, const DecodedInstruction& in) {
    GuestState& state = system.state();
    const auto function = static_cast<std::uint32_t>(state.gpr[x86::RAX]);
    const auto subfunction = static_cast<std::uint32_t>(state.gpr[x86::RCX]);
    const x86::CpuidLeaf leaf = system.model.leaf(function, subfunction, system.vcpu, state.cr4, state.xcr0);
    set_gpr(state, x86::RAX, leaf.eax, 4);
    set_gpr(state, x86::RBX, leaf.ebx, 4);
    set_gpr(state, x86::RCX, leaf.ecx, 4);
    set_gpr(state, x86::RDX, leaf.edx, 4);
    return advance(state, in);
}

}  // namespace hospes::translator
