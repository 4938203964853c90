// A vCPU of KVM: the loop around KVM_RUN.
//
// The local APIC is KVM's (docs/decisions/0006-kvm-engine.md), and so a halted vCPU waits inside KVM_RUN. What is asked
// of the host side is the PIC's vector, when KVM can take one; until then KVM comes back as soon as it can.
#pragma once

#include <linux/kvm.h>
#include <pthread.h>

#include <atomic>
#include <memory>
#include <optional>

#include "base/unique_fd.h"
#include "cpu/engine.h"
#include "cpu/kept_msrs.h"
#include "engine/kvm/counters.h"
#include "engine/kvm/failure.h"
#include "engine/kvm/guest_debug.h"
#include "engine/kvm/kick_timer.h"
#include "memory/guest_ram.h"
#include "x86/cpuid_model.h"

namespace hospes::kvm {

// What the vCPUs of one VM share.
struct Shared {
    UniqueFd vm;
    std::size_t run_size;
    memory::GuestRam& ram;
    const x86::CpuidModel& model;
    std::uint64_t arch_capabilities;
    bool speculation_control;  // IA32_SPEC_CTRL is the processor's
};

class KvmVcpu final : public cpu::Vcpu {
  public:
    // Errors: KVM gives no vCPU, or none of this model.
    static Result<std::unique_ptr<KvmVcpu>> create(const Shared& shared, unsigned index);
    ~KvmVcpu() override;

    cpu::Exit run(cpu::VcpuHost& host) override;
    void notify() override;
    cpu::VcpuState state() const override;
    Result<void> set_state(const cpu::VcpuState& from) override;
    Result<void> debug(const cpu::DebugRequest& request) override;
    std::optional<Gpa> physical(Gva address) override;

    const Counters& counters() const { return counters_; }

  private:
    KvmVcpu(const Shared& shared, unsigned index, UniqueFd fd, kvm_run* run);

    // How far a stop has come.
    struct Stop {
        bool asked = false;
        bool deliver = false;  // an event is on its way into the guest: it must arrive first
        unsigned tries = 0;
    };

    // run()'s parts: an entry, and what it came back for (nullopt: go on).
    int enter(cpu::VcpuHost& host, Stop& stop);
    void offer_interrupt(cpu::VcpuHost& host);
    bool settled(Stop& stop) const;
    std::optional<cpu::Exit> handle_exit(cpu::VcpuHost& host);

    // Exits that a device or the platform answers (device_exits.cc).
    void answer_port(cpu::VcpuHost& host);
    void answer_mmio(cpu::VcpuHost& host);
    void answer_msr_read(cpu::VcpuHost& host);
    void answer_msr_write(cpu::VcpuHost& host);

    // debugging.cc
    bool steps_asleep() const;
    std::optional<cpu::Exit> stop_for_debugger();
    void give_back_debug_exception(std::uint64_t dr6);

    // The end that the engine cannot help, with registers and the code at RIP.
    cpu::Exit failed(const std::string& what) const;

    const Shared& shared_;
    const unsigned index_;
    UniqueFd fd_;
    kvm_run* run_;  // shared with the kernel
    cpu::KeptMsrs msrs_;
    GuestDebug debug_;
    KickTimer settle_timer_;
    Counters counters_;
    std::atomic<pthread_t> thread_{};   // that runs it
    std::atomic<bool> entered_{false};  // it is in KVM_RUN or about to be
    bool given_ = false;                // KVM may still have a vector of the PIC that the guest has not seen
};

}  // namespace hospes::kvm
