#include "engine/kvm/engine.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <vector>

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
    KvmEngine(Shared shared, const InterruptRoutes& routes, unsigned max_vcpus)
        : shared_(std::move(shared)), routes_(routes), max_vcpus_(max_vcpus) {}

    cpu::Capabilities capabilities() const override { return {"kvm", true, max_vcpus_}; }

    Result<std::unique_ptr<cpu::Vcpu>> create_vcpu(unsigned index) override {
        auto vcpu = HOSPES_TRY(KvmVcpu::create(shared_, index));
        vcpus_.push_back(vcpu.get());
        return std::unique_ptr<cpu::Vcpu>(std::move(vcpu));
    }

    void memory_written(Gpa, std::uint64_t) override {}  // the processor's caches are coherent

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
    unsigned max_vcpus_;
    std::vector<KvmVcpu*> vcpus_;
};

Result<void> map(int vm, unsigned slot, const memory::GuestRam& ram, Gpa start, std::uint64_t size) {
    if (size == 0) return {};
    kvm_userspace_memory_region region{};
    region.slot = slot;
    region.guest_phys_addr = start;
    region.memory_size = size;
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(ram.host(start, size));
    if (::ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0) return {};
    return Error("cannot give KVM the guest's memory (" + std::to_string(size >> 20) + " MiB): " + errno_text(errno) +
                 "; give the VM less, or use --engine translator");
}

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
    HOSPES_TRY(map(vm.get(), 0, ram, 0, ram.low_size()));
    HOSPES_TRY(map(vm.get(), 1, ram, memory::kHighStart, ram.high_size()));
    InterruptRoutes routes;
    HOSPES_TRY(routes.create(vm.get()));
    HOSPES_TRY(filter_msrs(vm.get(), host.has_speculation_control()));
    Shared shared{std::move(vm), host.run_size(), ram, model, kArchCapabilities & host.arch_capabilities()};
    return std::unique_ptr<cpu::Engine>(new KvmEngine(std::move(shared), routes, host.max_vcpus()));
}

}  // namespace hospes::kvm
