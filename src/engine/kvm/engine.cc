#include "engine/kvm/engine.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <vector>

#include "engine/kvm/dirty_log.h"
#include "engine/kvm/interrupt_routes.h"
#include "engine/kvm/kick.h"
#include "engine/kvm/msr_filter.h"
#include "engine/kvm/vcpu.h"

namespace hospes::kvm {

namespace {

// What the models promise of a guest's processor (docs/decisions/0003-cpuid-models.md); the guest sees of it what is
// true of this host.
constexpr std::uint64_t kArchCapabilities = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 8 |
                                            1u << 13 | 1u << 14 | 1u << 15 | 1u << 20 | 1u << 24 | 1u << 26 | 1u << 27 |
                                            1ull << 62;

// Pages that KVM needs for itself on some Intel processors: in the hole below 4 GiB, where no device is.
constexpr std::uint64_t kIdentityMap = 0xfffbc000, kTss = 0xfffbd000;

class KvmEngine final : public cpu::Engine {
  public:
    KvmEngine(Shared shared, const InterruptRoutes& routes, std::unique_ptr<DirtyLogs> logs, unsigned max_vcpus)
        : shared_(std::move(shared)), routes_(routes), logs_(std::move(logs)), max_vcpus_(max_vcpus) {}

    cpu::Capabilities capabilities() const override { return {"kvm", true, max_vcpus_}; }

    Result<std::unique_ptr<cpu::Vcpu>> create_vcpu(unsigned index) override {
        auto vcpu = HOSPES_TRY(KvmVcpu::create(shared_, index));
        vcpus_.push_back(vcpu.get());
        return std::unique_ptr<cpu::Vcpu>(std::move(vcpu));
    }

    // The processor's caches are coherent; KVM's dirty log has only what its vCPUs write.
    void memory_written(Gpa gpa, std::uint64_t length) override { logs_->note_written(gpa, length); }
    Result<std::unique_ptr<cpu::DirtyLog>> log_writes(Gpa gpa, std::uint64_t length) override {
        return logs_->begin(gpa, length);
    }

    void deliver(const cpu::InterruptMessage& message) override { routes_.deliver(message); }
    void set_level_route(unsigned pin, const std::optional<cpu::InterruptMessage>& message) override {
        routes_.set_level_route(pin, message);
    }

    // Of all vCPUs together.
    std::string counters() const override {
        Counters sum;
        for (const KvmVcpu* vcpu : vcpus_) cpu::add_counters(sum, vcpu->counters());
        return cpu::counter_lines(sum);
    }

  private:
    Shared shared_;
    InterruptRoutes routes_;
    std::unique_ptr<DirtyLogs> logs_;
    unsigned max_vcpus_;
    std::vector<KvmVcpu*> vcpus_;
};

}  // namespace

Result<std::unique_ptr<cpu::Engine>> create_engine(const Host& host, memory::GuestRam& ram,
                                                   const x86::CpuidModel& model) {
    HOSPES_TRY(install_kick_handler());
    UniqueFd vm = HOSPES_TRY(host.create_vm());
    std::uint64_t identity_map = kIdentityMap;
    if (::ioctl(vm.get(), KVM_SET_IDENTITY_MAP_ADDR, &identity_map) != 0 ||
        ::ioctl(vm.get(), KVM_SET_TSS_ADDR, kTss) != 0) {
        return Error("cannot give KVM its own pages: " + errno_text(errno));
    }
    const MemorySlots slots = HOSPES_TRY(MemorySlots::create(vm.get(), ram));
    auto logs = HOSPES_TRY(DirtyLogs::create(slots, ram));
    InterruptRoutes routes;
    HOSPES_TRY(routes.create(vm.get()));
    const bool speculation_control = host.has_speculation_control();
    HOSPES_TRY(filter_msrs(vm.get(), speculation_control));
    Shared shared{std::move(vm),      host.run_size(), ram, model, kArchCapabilities & host.arch_capabilities(),
                  speculation_control};
    return std::unique_ptr<cpu::Engine>(new KvmEngine(std::move(shared), routes, std::move(logs), host.max_vcpus()));
}

}  // namespace hospes::kvm
