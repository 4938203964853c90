#include "bus/address_space.h"

#include <algorithm>

namespace hospes::bus {

namespace {

std::uint64_t all_ones(unsigned size) { return size >= 8 ? ~0ull : (1ull << (8 * size)) - 1; }

// Reads through the device's width.
std::uint64_t device_read(IoDevice& device, std::uint64_t offset, unsigned size) {
    const unsigned step = std::min(size, device.max_access());
    std::uint64_t value = 0;
    for (unsigned done = 0; done < size; done += step) {
        value |= (device.read(offset + done, step) & all_ones(step)) << (8 * done);
    }
    return value;
}

void device_write(IoDevice& device, std::uint64_t offset, std::uint64_t value, unsigned size) {
    const unsigned step = std::min(size, device.max_access());
    for (unsigned done = 0; done < size; done += step) {
        device.write(offset + done, (value >> (8 * done)) & all_ones(step), step);
    }
}

}  // namespace

AddressSpace::Handle AddressSpace::attach(std::uint64_t base, std::uint64_t size, IoDevice& device) {
    const Handle handle = next_handle_++;
    if (size == 0 || base + (size - 1) < base) return handle;
    ranges_.push_back({handle, base, base + (size - 1), &device});
    rebuild();
    return handle;
}

void AddressSpace::detach(Handle handle) {
    std::erase_if(ranges_, [handle](const Range& range) { return range.handle == handle; });
    rebuild();
}

// Adds range after range, each only where nothing earlier is.
void AddressSpace::rebuild() {
    pieces_.clear();
    last_hit_ = 0;
    for (const Range& range : ranges_) {
        std::vector<Piece> fresh;
        std::uint64_t first = range.first;
        bool open = true;
        for (const Piece& piece : pieces_) {
            if (!open || piece.last < first) continue;
            if (piece.first > range.last) break;
            if (piece.first > first) fresh.push_back({first, piece.first - 1, range.first, range.device});
            open = piece.last < range.last;
            first = piece.last + 1;  // wraps only when not open
        }
        if (open) fresh.push_back({first, range.last, range.first, range.device});
        pieces_.insert(pieces_.end(), fresh.begin(), fresh.end());
        std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) { return a.first < b.first; });
    }
}

const AddressSpace::Piece* AddressSpace::find(std::uint64_t address, unsigned size) {
    const auto holds = [&](const Piece& piece) {
        return address >= piece.first && address <= piece.last && size - 1 <= piece.last - address;
    };
    if (last_hit_ < pieces_.size() && holds(pieces_[last_hit_])) return &pieces_[last_hit_];
    const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), address,
                                        [](std::uint64_t value, const Piece& piece) { return value < piece.first; });
    if (after == pieces_.begin() || !holds(*std::prev(after))) return nullptr;
    last_hit_ = static_cast<std::size_t>(std::prev(after) - pieces_.begin());
    return &pieces_[last_hit_];
}

std::uint64_t AddressSpace::read(std::uint64_t address, unsigned size) {
    if (const Piece* piece = find(address, size)) return device_read(*piece->device, address - piece->base, size);
    if (size == 1) return all_ones(1);
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= read(address + i, 1) << (8 * i);
    return value;
}

void AddressSpace::write(std::uint64_t address, std::uint64_t value, unsigned size) {
    // Copied: the device may attach and detach ranges (a BAR write) and so move the pieces.
    if (const Piece* piece = find(address, size)) {
        const Piece target = *piece;
        device_write(*target.device, address - target.base, value, size);
        return;
    }
    if (size == 1) return;
    for (unsigned i = 0; i < size; ++i) write(address + i, (value >> (8 * i)) & 0xff, 1);
}

}  // namespace hospes::bus
