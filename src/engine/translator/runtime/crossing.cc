// Accesses that run over the end of a page, where that needs no exit from translated code.
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

// Host address of one side of the access, through the soft TLB; nullptr: device memory, or a fault, or a store to a
// page that holds code, all of which are dealt with elsewhere.
const std::byte* TranslatorVcpu::map_side(Gva address, AccessClass access_class, bool write) {
    TlbEntry& entry = state_.tlb[static_cast<unsigned>(access_class)].at(address);
    const std::uint64_t tag = write ? entry.write_tag : entry.read_tag;
    if (address + tag >= kPageSize) {
        const Access access = write ? Access::Write : Access::Read;
        const Checked<Translation> seen = probe(system_.mmu, address, access, access_class);
        if (!seen.ok() || shared_.ram.host(seen.value().gpa, 1) == nullptr) return nullptr;
        if (write && has_code(shared_.ram.page_index(seen.value().gpa))) return nullptr;
        const Checked<Translation> found = translate(system_.mmu, address, access, access_class);
        if (!found.ok()) return nullptr;
        shared_.ram.populate(found.value().gpa);
        const bool writable = found.value().writable && may_write_unseen(shared_.ram.page_index(found.value().gpa));
        tlb_->fill(address, found.value(), access_class, writable);
        if (write && !writable) return nullptr;
    }
    return reinterpret_cast<const std::byte*>(address + entry.addend);
}

// The addend for [address, address + size), which lies in two pages; 0 if the access has to be made by hand. What is
// read comes through a buffer if the pages are not neighbours in the host's memory too.
std::uint64_t TranslatorVcpu::cross_pages(Gva address, unsigned size, AccessClass access_class, bool write) {
    const Gva second = (address & ~kPageMask) + kPageSize;
    const auto first_size = static_cast<std::size_t>(second - address);
    const std::uint64_t stops = shared_.rendezvous.stops(index_);
    // A fault on the second page must leave the first one's A and D bits alone.
    if (!probe(system_.mmu, second, write ? Access::Write : Access::Read, access_class).ok()) return 0;
    const std::byte* low = map_side(address, access_class, write);
    if (low == nullptr) return 0;
    const std::byte* high = map_side(second, access_class, write);
    if (high == nullptr || stops != shared_.rendezvous.stops(index_)) return 0;  // `low` may be stale
    if (high == low + first_size) return reinterpret_cast<std::uint64_t>(low) - address;
    if (write) return 0;
    std::uint8_t* buffer = bounce_ + (address & 63);
    copy_bytes(buffer, low, first_size);
    copy_bytes(buffer + first_size, high, size - first_size);
    return reinterpret_cast<std::uint64_t>(buffer) - address;
}

void TranslatorVcpu::copy_bytes(void* to, const void* from, std::size_t size) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

}  // namespace hospes::translator
