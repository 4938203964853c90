#include "engine/kvm/kick.h"

#include <pthread.h>

#include <cerrno>

namespace hospes::kvm {

Result<void> install_kick_handler() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;  // all other system calls go on; KVM_RUN never does
    if (::sigaction(kick_signal(), &action, nullptr) != 0) {
        return Error("cannot set up the signal that interrupts a vCPU: " + errno_text(errno));
    }
    return {};
}

void unblock_kick() {
    sigset_t kick;
    ::sigemptyset(&kick);
    ::sigaddset(&kick, kick_signal());
    ::pthread_sigmask(SIG_UNBLOCK, &kick, nullptr);
}

}  // namespace hospes::kvm
