// The hot half of Watch: looking.
#include "engine/translator/runtime/watch.h"

namespace hospes::translator {

unsigned Watch::first_code_from(Gva address) const {
    unsigned low = 0, high = code_count_;
    while (low < high) {
        const unsigned middle = low + (high - low) / 2;
        if (code_[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

Watch::Owners Watch::code_at(Gva address) const {
    unsigned owners = 0;
    for (unsigned i = first_code_from(address); i < code_count_ && code_[i].address == address; ++i) {
        owners |= code_[i].owners;
    }
    return static_cast<Owners>(owners);
}

bool Watch::code_within(Gva first, std::uint64_t size) const {
    const unsigned index = first_code_from(first);
    return index < code_count_ && code_[index].address - first < size;
}

bool Watch::data_in_page(Gva address) const {
    const Gva page = address & ~kPageMask;
    for (unsigned i = 0; i < data_count_; ++i) {
        const Gva last = data_[i].area.address + data_[i].area.size - 1;
        if ((data_[i].area.address & ~kPageMask) <= page && page <= last) return true;
    }
    return false;
}

Watch::Owners Watch::data_hits(Gva address, std::uint64_t size, bool write, std::uint32_t& index) const {
    unsigned owners = 0;
    for (unsigned i = 0; i < data_count_; ++i) {
        const cpu::DataBreakpoint& area = data_[i].area;
        if (!(write ? area.on_write : area.on_read)) continue;
        // Either begins within the other.
        if (address - area.address >= area.size && area.address - address >= size) continue;
        owners |= data_[i].owners;
        if ((data_[i].owners & kDebugger) != 0) index = i;
    }
    return static_cast<Owners>(owners);
}

}  // namespace hospes::translator
