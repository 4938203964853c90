#include "vmm/outcome.h"

#include <cstring>

namespace hospes::vmm {

namespace {

constexpr int kStatusReset = 3, kStatusTripleFault = 4;

Outcome requested_end(const machine::Ending& ending, bool reboot) {
    switch (ending.kind()) {
        case machine::EndKind::None:
        case machine::EndKind::Vcpu: break;
        case machine::EndKind::PowerOff: return {0, "the guest powered off"};
        case machine::EndKind::Reset: return {kStatusReset, "the guest reset the machine", reboot};
        case machine::EndKind::DebugExit:
            return {(ending.detail() << 1 | 1) & 0xff,
                    "the guest wrote " + std::to_string(ending.detail()) + " to the debug-exit port"};
        case machine::EndKind::Signal: {
            const char* name = ::sigabbrev_np(ending.detail());
            return {kStatusError, std::string("ended by SIG") + (name != nullptr ? name : "?"), false, ending.detail()};
        }
        case machine::EndKind::Debugger: return {0, "ended by the debugger"};
        case machine::EndKind::TerminalEscape: return {0, "ended from the terminal"};
    }
    return {kStatusError, "the machine stopped and nobody asked for it; please report this"};
}

}  // namespace

Outcome outcome_of(const cpu::Exit& exit, const machine::Ending& ending, bool reboot) {
    switch (exit.reason) {
        case cpu::ExitReason::Halted:
        case cpu::ExitReason::Debug:
        case cpu::ExitReason::Kicked: return requested_end(ending, reboot);
        case cpu::ExitReason::Shutdown: {
            const std::string cause = exit.report.empty() ? "" : ": " + exit.report;
            return {kStatusTripleFault, "the guest ended in a triple fault" + cause};
        }
        case cpu::ExitReason::Failed: break;
    }
    return {kStatusError, "the CPU engine cannot go on: " + exit.report + "; please report this"};
}

}  // namespace hospes::vmm
