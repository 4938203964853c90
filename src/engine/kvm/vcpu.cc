#include "engine/kvm/vcpu.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>

#include "engine/kvm/cpuid_table.h"
#include "engine/kvm/kick.h"
#include "engine/kvm/local_apic.h"
#include "engine/kvm/requests.h"

namespace hospes::kvm {

namespace {

// How long an event may take to reach the guest that is to stop, and how often that is tried.
constexpr long kSettleMicroseconds = 100;
constexpr unsigned kSettleTries = 1000;

}  // namespace

Result<std::unique_ptr<KvmVcpu>> KvmVcpu::create(const Shared& shared, unsigned index) {
    const std::string what = "cannot create vCPU " + std::to_string(index) + " with KVM: ";
    UniqueFd fd(::ioctl(shared.vm.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(index)));
    if (!fd.valid()) return Error(what + errno_text(errno) + "; end other VMs, or use --engine translator");
    void* run = ::mmap(nullptr, shared.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (run == MAP_FAILED) return Error(what + "no mapping of its page: " + errno_text(errno));
    std::unique_ptr<KvmVcpu> vcpu(new KvmVcpu(shared, index, std::move(fd), static_cast<kvm_run*>(run)));
    CpuidTable table = CpuidTable::of_model(shared.model, index);
    if (::ioctl(vcpu->fd_.get(), kSetCpuid2, table.for_kernel()) != 0) {
        return Error(what + "it refuses the CPU model " + shared.model.name() + ": " + errno_text(errno) +
                     "; choose another model");
    }
    HOSPES_TRY(set_up_local_apic(vcpu->fd_.get(), index == 0));
    return vcpu;
}

KvmVcpu::KvmVcpu(const Shared& shared, unsigned index, UniqueFd fd, kvm_run* run)
    : shared_(shared), index_(index), fd_(std::move(fd)), run_(run), msrs_(shared.arch_capabilities) {}

KvmVcpu::~KvmVcpu() { ::munmap(run_, shared_.run_size); }

// The fence pairs with the one in enter(): either we see `entered_`, or that thread sees what we tell it of.
void KvmVcpu::notify() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!entered_.load(std::memory_order_relaxed)) return;
    std::atomic_ref(run_->immediate_exit).store(1, std::memory_order_relaxed);
    const pthread_t thread = thread_.load(std::memory_order_relaxed);
    if (!::pthread_equal(thread, ::pthread_self())) ::pthread_kill(thread, kick_signal());
}

cpu::Exit KvmVcpu::run(cpu::VcpuHost& host) {
    thread_.store(::pthread_self(), std::memory_order_relaxed);
    unblock_kick();
    if (steps_asleep()) return {cpu::ExitReason::Debug, {}};
    Stop stop;
    for (;;) {
        const int error = enter(host, stop);
        if (error == 0) {
            if (auto exit = handle_exit(host)) return *std::move(exit);
            stop.deliver = false;  // it has come this far, or is looked at again
            continue;
        }
        if (error != EINTR && error != EAGAIN) return failed("KVM_RUN: " + errno_text(error));
        ++counters_.kicked;
        if (stop.asked && settled(stop)) return {cpu::ExitReason::Kicked, {}};
    }
}

// One entry, or, for a stop, what completes the instruction whose access was answered last. Gives errno.
int KvmVcpu::enter(cpu::VcpuHost& host, Stop& stop) {
    std::atomic_ref(run_->immediate_exit).store(0, std::memory_order_relaxed);
    entered_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    run_->request_interrupt_window = 0;
    stop.asked = host.stop_requested();
    if (!stop.asked) {
        offer_interrupt(host);
    } else if (stop.deliver) {
        run_->request_interrupt_window = 1;
        settle_timer_.arm(kSettleMicroseconds);
    } else {
        run_->immediate_exit = 1;
    }
    const int error = ::ioctl(fd_.get(), KVM_RUN, 0) == 0 ? 0 : errno;
    entered_.store(false, std::memory_order_relaxed);
    if (stop.deliver) settle_timer_.disarm();
    ++counters_.exits;
    if (run_->ready_for_interrupt_injection != 0) given_ = false;
    return error;
}

// If KVM cannot take the vector now, it comes back when it can.
void KvmVcpu::offer_interrupt(cpu::VcpuHost& host) {
    if (!host.interrupt_pending()) return;
    if (run_->ready_for_interrupt_injection != 0) {
        if (const auto vector = host.acknowledge_interrupt()) {
            kvm_interrupt interrupt{*vector};
            ::ioctl(fd_.get(), KVM_INTERRUPT, &interrupt);  // fails for vectors that do not exist only
            run_->ready_for_interrupt_injection = 0;
            given_ = true;
            ++counters_.interrupts;
        }
        if (!host.interrupt_pending()) return;
    }
    run_->request_interrupt_window = 1;
}

// An event that KVM has taken and the guest has not seen yet is no part of VcpuState: the guest runs on until it has.
bool KvmVcpu::settled(Stop& stop) const {
    kvm_vcpu_events events{};
    ::ioctl(fd_.get(), KVM_GET_VCPU_EVENTS, &events);
    stop.deliver =
        given_ || events.exception.injected != 0 || events.interrupt.injected != 0 || events.nmi.injected != 0;
    return !stop.deliver || ++stop.tries > kSettleTries;
}

std::optional<cpu::Exit> KvmVcpu::handle_exit(cpu::VcpuHost& host) {
    switch (run_->exit_reason) {
        case KVM_EXIT_IO: answer_port(host); return std::nullopt;
        case KVM_EXIT_MMIO: answer_mmio(host); return std::nullopt;
        case KVM_EXIT_X86_RDMSR: answer_msr_read(host); return std::nullopt;
        case KVM_EXIT_X86_WRMSR: answer_msr_write(host); return std::nullopt;
        case KVM_EXIT_IRQ_WINDOW_OPEN: ++counters_.window; return std::nullopt;
        case KVM_EXIT_IOAPIC_EOI:
            ++counters_.end_of_interrupt;
            host.end_of_interrupt(run_->eoi.vector);
            return std::nullopt;
        case KVM_EXIT_DEBUG: return stop_for_debugger();
        case KVM_EXIT_SHUTDOWN: return cpu::Exit{cpu::ExitReason::Shutdown, {}};
        default: return failed(describe_exit(*run_));
    }
}

}  // namespace hospes::kvm
