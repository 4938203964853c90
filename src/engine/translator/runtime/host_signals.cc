#include "engine/translator/runtime/host_signals.h"

#include <signal.h>
#include <ucontext.h>

#include <cerrno>

#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

namespace {

thread_local TranslatorVcpu* current_vcpu = nullptr;

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction previous_actions[NSIG];

void on_signal(int number, siginfo_t*, void* context) {
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    if (current_vcpu != nullptr) {
        static_assert(kT1 == x86::R10);
        const std::uint8_t* go_on = current_vcpu->take_host_fault(static_cast<std::uint64_t>(registers[REG_RIP]),
                                                                  static_cast<unsigned>(registers[REG_TRAPNO]),
                                                                  static_cast<std::uint64_t>(registers[REG_R10]));
        if (go_on != nullptr) {
            registers[REG_RIP] = reinterpret_cast<greg_t>(go_on);
            return;
        }
    }
    // Not the guest's doing: the instruction runs again and meets whoever was there before.
    ::sigaction(number, &previous_actions[number], nullptr);
}

Result<void> install() {
    for (const int number : kSignals) {
        struct sigaction action = {};
        action.sa_sigaction = on_signal;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        sigemptyset(&action.sa_mask);
        if (::sigaction(number, &action, &previous_actions[number]) != 0) {
            return Error("cannot handle signals: " + errno_text(errno));
        }
    }
    return {};
}

}  // namespace

Result<void> install_signal_handlers() {
    static bool installed = false;
    if (installed) return {};
    HOSPES_TRY(install());
    installed = true;
    return {};
}

void set_current_vcpu(TranslatorVcpu* vcpu) { current_vcpu = vcpu; }

}  // namespace hospes::translator
