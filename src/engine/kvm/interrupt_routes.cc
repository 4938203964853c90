#include "engine/kvm/interrupt_routes.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "engine/kvm/requests.h"

namespace hospes::kvm {

Result<void> InterruptRoutes::create(int vm) {
    vm_ = vm;
    kvm_enable_cap split{};
    split.cap = KVM_CAP_SPLIT_IRQCHIP;
    split.args[0] = kPins;
    if (::ioctl(vm, KVM_ENABLE_CAP, &split) == 0) return {};
    return Error("cannot have local APICs of KVM: " + errno_text(errno) + "; use --engine translator");
}

// KVM drops what no local APIC takes, as a bus does.
void InterruptRoutes::deliver(const cpu::InterruptMessage& message) const {
    kvm_msi msi{};
    msi.address_lo = static_cast<std::uint32_t>(message.address);
    msi.address_hi = static_cast<std::uint32_t>(message.address >> 32);
    msi.data = message.data;
    ::ioctl(vm_, KVM_SIGNAL_MSI, &msi);
}

// KVM tells the end of an interrupt whose vector is that of a level-triggered route of the first kPins.
void InterruptRoutes::set_level_route(unsigned pin, const std::optional<cpu::InterruptMessage>& message) {
    if (level_[pin] == message) return;
    level_[pin] = message;
    struct {
        ListHead head;
        std::array<kvm_irq_routing_entry, kPins> entries{};
    } table;
    for (unsigned i = 0; i < kPins; ++i) {
        if (!level_[i]) continue;
        kvm_irq_routing_entry& entry = table.entries[table.head.count++];
        entry.gsi = i;
        entry.type = KVM_IRQ_ROUTING_MSI;
        entry.u.msi.address_lo = static_cast<std::uint32_t>(level_[i]->address);
        entry.u.msi.data = level_[i]->data;
    }
    ::ioctl(vm_, kSetGsiRouting, &table);
}

}  // namespace hospes::kvm
