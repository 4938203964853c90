// Test support: the driver's side of a split virtqueue in real guest RAM. Well-behaved unless told otherwise.
#pragma once

#include <cstring>
#include <initializer_list>
#include <vector>

#include "memory/guest_ram.h"
#include "virtio/queue/split_queue.h"

namespace hospes::virtio {

// Counts and adds up what devices report to have written.
struct CountingObserver final : memory::DmaObserver {
    void memory_written(Gpa gpa, std::uint64_t length) override { writes.push_back({gpa, length}); }
    bool covers(Gpa gpa, std::uint64_t length) const {
        for (const auto& [start, size] : writes) {
            if (start <= gpa && gpa + length <= start + size) return true;
        }
        return false;
    }
    std::vector<std::pair<Gpa, std::uint64_t>> writes;
};

class TestRing {
  public:
    struct Buffer {
        Gpa gpa;
        std::uint32_t length;
        bool writable;
    };

    TestRing(memory::GuestRam& ram, Gpa base, std::uint16_t size)
        : ram_(ram), layout_{size, base, base + 0x2000, base + 0x3000} {
        std::memset(ram_.host(base, 0x5000), 0, 0x5000);
    }

    const QueueLayout& layout() const { return layout_; }
    Gpa descriptor_address(unsigned index) const { return layout_.descriptors + 16 * index; }

    void set_descriptor(unsigned index, const Descriptor& descriptor) {
        ram_.write(descriptor_address(index), &descriptor, sizeof descriptor);
    }
    // Lays `buffers` out as one chain from descriptor `first` on and makes it available.
    void add(std::initializer_list<Buffer> buffers, unsigned first = 0) {
        unsigned index = first;
        for (const Buffer& buffer : buffers) {
            const bool last = index - first + 1 == buffers.size();
            const auto flags =
                static_cast<std::uint16_t>((buffer.writable ? descriptor::kWrite : 0) | (last ? 0 : descriptor::kNext));
            set_descriptor(index, {buffer.gpa, buffer.length, flags, static_cast<std::uint16_t>(index + 1)});
            ++index;
        }
        offer(static_cast<std::uint16_t>(first));
    }
    void offer(std::uint16_t head) {
        set16(layout_.available + 4 + 2 * (available_ % layout_.size), head);
        set_available_index(++available_);
    }
    void set_available_index(std::uint16_t index) { set16(layout_.available + 2, available_ = index); }
    void set_available_flags(std::uint16_t flags) { set16(layout_.available, flags); }
    void set_used_event(std::uint16_t index) { set16(layout_.available + 4 + 2 * layout_.size, index); }

    std::uint16_t used_index() const { return get16(layout_.used + 2); }
    UsedElement used(unsigned index) const {
        UsedElement element{};
        ram_.read(layout_.used + 4 + 8 * (index % layout_.size), &element, sizeof element);
        return element;
    }
    std::uint16_t available_event() const { return get16(layout_.used + 4 + 8 * layout_.size); }

  private:
    void set16(Gpa gpa, std::uint16_t value) { ram_.write(gpa, &value, sizeof value); }
    std::uint16_t get16(Gpa gpa) const {
        std::uint16_t value = 0;
        ram_.read(gpa, &value, sizeof value);
        return value;
    }

    memory::GuestRam& ram_;
    QueueLayout layout_;
    std::uint16_t available_ = 0;
};

}  // namespace hospes::virtio
