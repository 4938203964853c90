#include "engine/kvm/memory_slots.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

namespace hospes::kvm {

MemorySlots::MemorySlots(int vm, const memory::GuestRam& ram) : vm_(vm), ram_(&ram) {
    const std::uint64_t low = ram.low_size() >> kPageBits, high = ram.high_size() >> kPageBits;
    slots_ = {Slot{0, 0, 0, low}, Slot{1, memory::kHighStart, low, high}};
}

Result<MemorySlots> MemorySlots::create(int vm, const memory::GuestRam& ram) {
    MemorySlots slots(vm, ram);
    for (const Slot& slot : slots.slots_) {
        if (slot.count == 0 || slots.apply(slot) == 0) continue;
        const std::string size = std::to_string(slot.count >> (20 - kPageBits));
        return Error("cannot give KVM the guest's memory (" + size + " MiB): " + errno_text(errno) +
                     "; give the VM less, or use --engine translator");
    }
    return slots;
}

int MemorySlots::apply(const Slot& slot) const {
    kvm_userspace_memory_region region{};
    region.slot = slot.number;
    region.flags = slot.logged ? KVM_MEM_LOG_DIRTY_PAGES : 0;
    region.guest_phys_addr = slot.gpa;
    region.memory_size = slot.count << kPageBits;
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(ram_->host(slot.gpa, region.memory_size));
    return ::ioctl(vm_, KVM_SET_USER_MEMORY_REGION, &region);
}

MemorySlots::Slot& MemorySlots::slot_of(std::uint64_t page) { return slots_[page < slots_[1].first ? 0 : 1]; }

// Manual: what is fetched is forgotten by a request of its own, which can be for a part of the slot.
Result<void> MemorySlots::set_logged(Slot& slot, bool logged) {
    if (slot.logged == logged) return {};
    kvm_enable_cap manual{};
    manual.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2;
    manual.args[0] = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;
    slot.logged = logged;
    if (::ioctl(vm_, KVM_ENABLE_CAP, &manual) == 0 && apply(slot) == 0) return {};
    slot.logged = !logged;
    return Error("cannot have KVM log what the guest writes: " + errno_text(errno));
}

Result<void> MemorySlots::fetch(const Slot& slot, std::uint64_t first, std::vector<std::uint64_t>& bits) const {
    std::vector<std::uint64_t> all((slot.count + 63) / 64);
    kvm_dirty_log log{};
    log.slot = slot.number;
    log.dirty_bitmap = all.data();
    if (::ioctl(vm_, KVM_GET_DIRTY_LOG, &log) != 0) return Error("KVM gives no dirty log: " + errno_text(errno));
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= all[first + i];
    if (std::ranges::all_of(bits, [](std::uint64_t word) { return word == 0; })) return {};
    kvm_clear_dirty_log clear{};
    clear.slot = slot.number;
    clear.first_page = first * 64;
    clear.num_pages = static_cast<std::uint32_t>(std::min<std::uint64_t>(bits.size() * 64, slot.count - first * 64));
    clear.dirty_bitmap = bits.data();
    if (::ioctl(vm_, KVM_CLEAR_DIRTY_LOG, &clear) == 0) return {};
    return Error("KVM does not begin its dirty log again: " + errno_text(errno));
}

}  // namespace hospes::kvm
