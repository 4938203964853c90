// Accesses that run over the end of a page, where that needs no exit from translated code.
#include "engine/translator/runtime/vcpu.h"

namespace hospes::translator {

// Host address of one side of the access, through the soft TLB; nullptr: device memory, or a fault, or a store to a
// page that holds code, all of which are dealt with elsewhere.
std::byte* TranslatorVcpu::map_side(Gva address, AccessClass access_class, bool write) {
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
        const bool writable = may_write_unseen(found.value(), write);
        tlb_->fill(address, found.value(), access_class, writable);
        if (write && !writable) return nullptr;
    }
    return reinterpret_cast<std::byte*>(address + entry.addend);
}

// Where both sides of an access that begins at `address` are in host memory.
TranslatorVcpu::Sides TranslatorVcpu::map_sides(Gva address, AccessClass access_class, bool write) {
    const Gva second = (address & ~kPageMask) + kPageSize;
    const std::uint64_t stops = shared_.rendezvous.stops(index_);
    // A fault on the second page must leave the first one's A and D bits alone.
    if (!probe(system_.mmu, second, write ? Access::Write : Access::Read, access_class).ok()) return {};
    std::byte* low = map_side(address, access_class, write);
    if (low == nullptr) return {};
    std::byte* high = map_side(second, access_class, write);
    if (high == nullptr || stops != shared_.rendezvous.stops(index_)) return {};  // `low` may be stale
    return {low, high, static_cast<std::size_t>(second - address)};
}

// The addend for [address, address + size), which lies in two pages; 0 if the access has to be made by hand. What is
// read comes through a buffer if the pages are not neighbours in the host's memory too.
std::uint64_t TranslatorVcpu::cross_pages(Gva address, unsigned size, AccessClass access_class, bool write) {
    const Sides sides = map_sides(address, access_class, write);
    if (sides.low == nullptr) return 0;
    if (sides.high == sides.low + sides.first_size) return reinterpret_cast<std::uint64_t>(sides.low) - address;
    if (write) return 0;
    std::uint8_t* buffer = bounce_ + (address & 63);
    copy_bytes(buffer, sides.low, sides.first_size);
    copy_bytes(buffer + sides.first_size, sides.high, size - sides.first_size);
    return reinterpret_cast<std::uint64_t>(buffer) - address;
}

// The store in interruption_, if it is a known one into two pages of RAM: made on a buffer, without a walk or a look at
// the instruction. False: nothing is done.
bool TranslatorVcpu::store_over_pages() {
    const KnownStore& known = known_store(interruption_.host_pc);
    const bool usable = known.host_pc == interruption_.host_pc && known.generation == cache_.generation();
    if (!usable || !vectors_live_ || mode_.looked_at() || watch_.any_data()) return false;
    const Block& block = cache_.block(known.block);
    const Gva address = interruption_.address;
    const unsigned size = interruption_.info & ((1u << AccessInfo::kSizeBits) - 1);
    if (!block.valid || (address & kPageMask) + size <= kPageSize) return false;
    const auto access_class = static_cast<AccessClass>(interruption_.info >> AccessInfo::kClassShift & 3);
    const Sides sides = map_sides(address, access_class, true);
    if (sides.low == nullptr) return false;
    ++counters_.bounces;
    std::uint8_t* buffer = bounce_ + (address & 63);
    copy_bytes(buffer, sides.low, sides.first_size);
    copy_bytes(buffer + sides.first_size, sides.high, size - sides.first_size);
    state_.bounce = reinterpret_cast<std::uint64_t>(buffer);
    state_.page_base = state_.rip - block.page_offset;
    running_single_ = true;
    trace_steps_ = false;
    const CodeExit exit = run_code(cache_.host_address(block.entry_saved));
    if (exit == CodeExit::Link) {
        copy_bytes(sides.low, buffer, sides.first_size);
        copy_bytes(sides.high, buffer + sides.first_size, size - sides.first_size);
    }
    handle_exit(exit);
    return true;
}

void TranslatorVcpu::copy_bytes(void* to, const void* from, std::size_t size) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

}  // namespace hospes::translator
