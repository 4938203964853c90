// A debugger at a vCPU of KVM.
#include <sys/ioctl.h>

#include <cerrno>

#include "engine/kvm/vcpu.h"

namespace hospes::kvm {

Result<void> KvmVcpu::debug(const cpu::DebugRequest& request) {
    debug_ = HOSPES_TRY(GuestDebug::of(request));
    const kvm_guest_debug asked = debug_.for_kernel();
    if (::ioctl(fd_.get(), KVM_SET_GUEST_DEBUG, &asked) == 0) return {};
    return Error("KVM does not debug this vCPU: " + errno_text(errno));
}

std::optional<Gpa> KvmVcpu::physical(Gva address) {
    kvm_translation found{};
    found.linear_address = address;
    if (::ioctl(fd_.get(), KVM_TRANSLATE, &found) != 0 || found.valid == 0) return std::nullopt;
    return found.physical_address;
}

// A step of one that sleeps is over at once.
bool KvmVcpu::steps_asleep() const {
    kvm_mp_state activity{};
    return debug_.steps() && ::ioctl(fd_.get(), KVM_GET_MP_STATE, &activity) == 0 &&
           activity.mp_state != KVM_MP_STATE_RUNNABLE;
}

std::optional<cpu::Exit> KvmVcpu::stop_for_debugger() {
    const std::uint64_t dr6 = run_->debug.arch.dr6;
    if (const auto stop = debug_.stop_of(dr6)) {
        cpu::Exit exit{cpu::ExitReason::Debug, {}};
        exit.debug = *stop;
        return exit;
    }
    give_back_debug_exception(dr6);
    return std::nullopt;
}

// #DB of the guest's own, which comes here while a debugger looks: with what DR6 says of it.
void KvmVcpu::give_back_debug_exception(std::uint64_t dr6) {
    constexpr std::uint64_t kConditions = 0xe00f;
    kvm_debugregs registers{};
    ::ioctl(fd_.get(), KVM_GET_DEBUGREGS, &registers);
    registers.dr6 = (registers.dr6 & ~0xfull) | (dr6 & kConditions);
    ::ioctl(fd_.get(), KVM_SET_DEBUGREGS, &registers);
    kvm_guest_debug again = debug_.for_kernel();
    again.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_INJECT_DB;
    ::ioctl(fd_.get(), KVM_SET_GUEST_DEBUG, &again);
}

}  // namespace hospes::kvm
