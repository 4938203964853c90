// Runs inside a signal handler.
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

const std::uint8_t* TranslatorVcpu::take_host_fault(std::uint64_t host_pc, unsigned trap, std::uint64_t addend) {
    if (!cache_.memory().contains(host_pc)) return nullptr;
    const BlockIndex index = cache_.block_at(host_pc);
    if (index == 0) return nullptr;
    interruption_.kind = Interruption::Kind::Fault;
    interruption_.host_pc = host_pc;
    interruption_.address = 0;
    interruption_.info = 0;
    switch (trap) {
        case x86::DE:
        case x86::MF:
        case x86::UD: interruption_.fault = {static_cast<std::uint8_t>(trap), false, 0, 0}; break;
        case x86::XM:
            interruption_.fault = {static_cast<std::uint8_t>(state_.cr4 & x86::cr4::OSXMMEXCPT ? x86::XM : x86::UD),
                                   false, 0, 0};
            break;
        case x86::GP:
        case x86::SS_:
            // Misaligned vectors; or an address that is not canonical and got past an empty stack window (kNoWindow).
            interruption_.fault = addend == 0 ? stack_fault() : general_protection();
            break;
        default: interruption_.kind = Interruption::Kind::HostError; break;
    }
    const bool saved = cache_.position_at(cache_.block(index), host_pc).flags_saved;
    const auto exit = static_cast<unsigned>(CodeExit::HostFault);
    return saved ? cache_.thunks().exit_saved[exit] : cache_.thunks().exit_host[exit];
}

}  // namespace hospes::translator
