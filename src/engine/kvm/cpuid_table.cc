#include "engine/kvm/cpuid_table.h"

#include <algorithm>
#include <cstring>

#include "engine/kvm/requests.h"

namespace hospes::kvm {

namespace {

constexpr std::uint32_t kKvmBase = 0x40000000, kExtendedBase = 0x80000000;

// How many subleaves of a leaf may say something.
std::uint32_t subleaves(std::uint32_t function) {
    switch (function) {
        case 4: return 5;
        case 7: return 2;
        case 0xb: return 3;
        case 0xd: return 8;
        default: return 1;
    }
}

void add(std::vector<kvm_cpuid_entry2>& entries, const x86::CpuidModel& model, unsigned vcpu, std::uint32_t function) {
    const std::uint32_t count = subleaves(function);
    for (std::uint32_t index = 0; index < count; ++index) {
        const x86::CpuidLeaf leaf = model.leaf(function, index, vcpu, 0, 1);
        kvm_cpuid_entry2 entry{};
        entry.function = function;
        entry.index = index;
        entry.flags = count > 1 ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
        entry.eax = leaf.eax, entry.ebx = leaf.ebx, entry.ecx = leaf.ecx, entry.edx = leaf.edx;
        entries.push_back(entry);
    }
}

}  // namespace

CpuidTable CpuidTable::of_model(const x86::CpuidModel& model, unsigned vcpu) {
    std::vector<kvm_cpuid_entry2> entries;
    for (const std::uint32_t base : {0u, kKvmBase, kExtendedBase}) {
        const std::uint32_t last = model.leaf(base, 0, vcpu, 0, 1).eax;
        for (std::uint32_t function = base; function <= last; ++function) add(entries, model, vcpu, function);
    }
    return CpuidTable(entries);
}

CpuidTable::CpuidTable(const std::vector<kvm_cpuid_entry2>& entries)
    : bytes_(sizeof(ListHead) + entries.size() * sizeof(kvm_cpuid_entry2)) {
    const ListHead head{static_cast<std::uint32_t>(entries.size())};
    std::memcpy(bytes_.data(), &head, sizeof head);
    std::memcpy(bytes_.data() + sizeof(ListHead), entries.data(), entries.size() * sizeof(kvm_cpuid_entry2));
}

std::vector<kvm_cpuid_entry2> CpuidTable::entries() const {
    ListHead head;
    std::memcpy(&head, bytes_.data(), sizeof head);
    std::vector<kvm_cpuid_entry2> entries(std::min(head.count, kMost));
    std::memcpy(entries.data(), bytes_.data() + sizeof head, entries.size() * sizeof(kvm_cpuid_entry2));
    return entries;
}

}  // namespace hospes::kvm
