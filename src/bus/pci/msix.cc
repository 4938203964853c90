#include "bus/pci/msix.h"

#include <algorithm>
#include <bit>

namespace hospes::pci {

namespace {

constexpr std::uint32_t kPageSize = 4096;
constexpr std::uint32_t kPbaAlign = 2048;

}  // namespace

Msix::Msix(unsigned vectors)
    : entries_(vectors),
      pba_offset_((vectors * msix::kEntrySize + kPbaAlign - 1) & ~(kPbaAlign - 1)),
      bar_size_(std::bit_ceil(std::max(pba_offset_ + (vectors + 63) / 64 * 8, kPageSize))) {}

void Msix::set_control(bool can_send, bool function_masked) {
    can_send_ = can_send;
    function_masked_ = function_masked;
    if (!can_send_ || function_masked_) return;
    for (Entry& entry : entries_) send_if_pending(entry);
}

void Msix::signal(unsigned vector) {
    if (!can_send_ || vector >= entries_.size()) return;
    Entry& entry = entries_[vector];
    if (function_masked_ || entry.masked()) {
        entry.pending = true;
    } else {
        send(entry);
    }
}

void Msix::reset() {
    std::fill(entries_.begin(), entries_.end(), Entry{});
    can_send_ = false;
    function_masked_ = false;
}

void Msix::send(Entry& entry) {
    entry.pending = false;
    if (target_ == nullptr) return;
    target_->send(std::uint64_t{entry.words[1]} << 32 | (entry.words[0] & ~3u), entry.words[2]);
}

void Msix::send_if_pending(Entry& entry) {
    if (entry.pending && can_send_ && !function_masked_ && !entry.masked()) send(entry);
}

std::uint32_t Msix::pending_word(std::uint64_t index) const {
    std::uint32_t word = 0;
    for (std::uint64_t i = 0; i < 32 && index * 32 + i < entries_.size(); ++i) {
        if (entries_[index * 32 + i].pending) word |= 1u << i;
    }
    return word;
}

std::uint64_t Msix::read(std::uint64_t offset, unsigned size) {
    if (size != 4 || offset % 4 != 0) return 0;
    if (offset >= pba_offset_) return pending_word((offset - pba_offset_) / 4);
    const std::uint64_t index = offset / msix::kEntrySize;
    return index < entries_.size() ? entries_[index].words[offset / 4 % 4] : 0;
}

void Msix::write(std::uint64_t offset, std::uint64_t value, unsigned size) {
    const std::uint64_t index = offset / msix::kEntrySize;
    if (size != 4 || offset % 4 != 0 || index >= entries_.size()) return;
    Entry& entry = entries_[index];
    entry.words[offset / 4 % 4] = static_cast<std::uint32_t>(value);
    send_if_pending(entry);
}

}  // namespace hospes::pci
