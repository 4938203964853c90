#include "virtio/queue/split_queue.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

namespace hospes::virtio {

namespace {

std::atomic_ref<std::uint16_t> word(std::byte* area, std::uint64_t offset) {
    return std::atomic_ref<std::uint16_t>(*reinterpret_cast<std::uint16_t*>(area + offset));
}

// One copy of what the guest may be changing: every check and use is of this copy.
Descriptor load_descriptor(const std::byte* table, unsigned index) {
    Descriptor descriptor;
    std::memcpy(&descriptor, table + index * sizeof descriptor, sizeof descriptor);
    std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler must not read it a second time
    return descriptor;
}

}  // namespace

bool SplitQueue::start(const QueueLayout& layout, bool event_index) {
    running_ = false;
    if (!std::has_single_bit(layout.size) || layout.size > kMaxQueueSize) return false;
    if (layout.descriptors % 16 != 0 || layout.available % 2 != 0 || layout.used % 4 != 0) return false;
    descriptors_ = ram_.host(layout.descriptors, sizeof(Descriptor) * layout.size);
    available_ = ram_.host(layout.available, available_size(layout.size));
    used_ = ram_.host(layout.used, used_size(layout.size));
    if (descriptors_ == nullptr || available_ == nullptr || used_ == nullptr) return false;
    layout_ = layout;
    event_index_ = event_index;
    next_available_ = next_used_ = published_used_ = 0;
    in_flight_ = 0;
    running_ = true;
    return true;
}

SplitQueue::Pop SplitQueue::broken() {
    running_ = false;
    return Pop::Broken;
}

std::uint16_t SplitQueue::available_index() const {
    return word(available_, kIndexOffset).load(std::memory_order_acquire);
}

SplitQueue::Pop SplitQueue::pop(Chain& chain) {
    if (!running_ || limit_reached()) return Pop::Empty;
    const auto waiting = static_cast<std::uint16_t>(available_index() - next_available_);
    if (waiting == 0) return Pop::Empty;
    // More than the ring holds, or more than can be owed to the driver: its index jumped.
    if (waiting > layout_.size || in_flight_ >= layout_.size) return broken();
    const unsigned slot = next_available_ & (layout_.size - 1u);
    const std::uint16_t head = word(available_, kRingOffset + 2 * slot).load(std::memory_order_relaxed);
    if (head >= layout_.size || !collect(head, chain)) return broken();
    ++next_available_;
    ++in_flight_;
    if (left_ != kNoLimit) --left_;
    return Pop::Chain;
}

bool SplitQueue::collect(std::uint16_t head, Chain& chain) {
    chain.clear(head);
    return collect_table(descriptors_, layout_.size, head, false, chain);
}

// Follows a chain through one table. Each step appends a descriptor or ends, and no chain has more of them than its
// table, so that a loop is found.
bool SplitQueue::collect_table(const std::byte* table, unsigned table_size, unsigned first, bool indirect,
                               Chain& chain) {
    unsigned index = first;
    for (unsigned steps = 0; steps < table_size; ++steps) {
        const Descriptor descriptor = load_descriptor(table, index);
        if ((descriptor.flags & descriptor::kIndirect) != 0) {
            // 2.7.5.3.1: not inside a table, not with NEXT: so it is the last of its chain.
            if (indirect || (descriptor.flags & descriptor::kNext) != 0) return false;
            return collect_indirect(descriptor, chain);
        }
        if (!append(descriptor, chain)) return false;
        if ((descriptor.flags & descriptor::kNext) == 0) return true;
        index = descriptor.next;
        if (index >= table_size) return false;
    }
    return false;
}

bool SplitQueue::collect_indirect(const Descriptor& descriptor, Chain& chain) {
    if (descriptor.length == 0 || descriptor.length % sizeof(Descriptor) != 0) return false;
    const std::byte* table = ram_.host(descriptor.address, descriptor.length);
    if (table == nullptr) return false;
    const auto entries = static_cast<unsigned>(descriptor.length / sizeof(Descriptor));
    return collect_table(table, std::min(entries, kMaxQueueSize), 0, true, chain);
}

bool SplitQueue::append(const Descriptor& descriptor, Chain& chain) {
    std::byte* host = ram_.host(descriptor.address, descriptor.length);
    if (host == nullptr) return false;
    const bool writable = (descriptor.flags & descriptor::kWrite) != 0;
    if (!chain.append(descriptor.address, host, descriptor.length, writable)) return false;
    if (writable && descriptor.length > 0) populate(descriptor.address, descriptor.length);
    return true;
}

// Takes the host's page faults for a buffer in one go, before a system call would take them one by one.
void SplitQueue::populate(Gpa gpa, std::uint32_t length) {
    constexpr std::uint64_t kStep = 2ull << 20;  // no larger than GuestRam's chunk
    for (std::uint64_t done = 0; done < length; done += kStep) ram_.populate(gpa + done);
    ram_.populate(gpa + length - 1);
}

void SplitQueue::push(const Chain& chain, std::uint32_t written) {
    if (!running_) return;
    std::uint64_t left = written;
    for (std::size_t i = 0; i < chain.writable().size() && left > 0; ++i) {
        const std::uint64_t part = std::min<std::uint64_t>(left, chain.writable()[i].iov_len);
        if (part > 0) observer_.memory_written(chain.writable_address(i), part);
        left -= part;
    }
    const UsedElement element{chain.head(), written};
    const unsigned slot = next_used_ & (layout_.size - 1u);
    std::memcpy(used_ + kRingOffset + slot * sizeof element, &element, sizeof element);
    ++next_used_;
    if (in_flight_ > 0) --in_flight_;
}

bool SplitQueue::publish() {
    if (!running_ || next_used_ == published_used_) return false;
    const std::uint16_t before = published_used_;
    published_used_ = next_used_;
    word(used_, kIndexOffset).store(next_used_, std::memory_order_release);
    observer_.memory_written(layout_.used, used_size(layout_.size));
    // The driver writes used_event / flags and then reads the index; we wrote the index and now read those. Without a
    // full barrier both could miss each other.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!event_index_) {
        return (word(available_, 0).load(std::memory_order_relaxed) & kAvailNoInterrupt) == 0;
    }
    const std::uint16_t event = word(available_, kRingOffset + 2u * layout_.size).load(std::memory_order_relaxed);
    // 2.7.10.1: whether the index passed used_event.
    return static_cast<std::uint16_t>(next_used_ - event - 1) < static_cast<std::uint16_t>(next_used_ - before);
}

bool SplitQueue::enable_notifications() {
    if (!running_ || limit_reached()) return false;
    if (event_index_) {
        word(used_, kRingOffset + 8u * layout_.size).store(next_available_, std::memory_order_relaxed);
        observer_.memory_written(layout_.used + kRingOffset + 8u * layout_.size, 2);
        std::atomic_thread_fence(std::memory_order_seq_cst);  // as in publish()
    }
    return available_index() != next_available_;
}

}  // namespace hospes::virtio
