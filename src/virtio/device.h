// The seam between a virtio device and its transport (virtio 1.2, chapters 2 and 3).
//
// Every call, in both directions, is made with the machine lock held (bus/machine_lock.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtio/queue/split_queue.h"

namespace hospes::virtio {

namespace feature {
inline constexpr std::uint64_t kIndirectDescriptors = 1ull << 28;
inline constexpr std::uint64_t kEventIndex = 1ull << 29;
inline constexpr std::uint64_t kVersion1 = 1ull << 32;
}  // namespace feature

// What a device sees of its transport.
class Link {
  public:
    // Features of transport and device that the driver accepted.
    virtual std::uint64_t negotiated() const = 0;
    virtual SplitQueue& queue(unsigned index) = 0;
    // Shows the driver what was pushed to the queue and interrupts it if it wants that.
    virtual void publish(unsigned index) = 0;
    // The configuration changed: a new generation and an interrupt (2.5.2).
    virtual void config_changed() = 0;
    // The driver broke the rules: DEVICE_NEEDS_RESET (2.1.1), and nothing more until it resets.
    virtual void needs_reset() = 0;
    // For a Device whose reset() returned false: now it is done.
    virtual void reset_finished() = 0;

  protected:
    ~Link() = default;
};

struct DeviceType {
    std::uint16_t id;         // virtio 1.2, chapter 5
    std::uint32_t pci_class;  // class << 16 | subclass << 8 | interface
};

class Device {
  public:
    virtual ~Device() = default;

    virtual DeviceType type() const = 0;
    // The device's own feature bits; the transport adds those of rings and transport.
    virtual std::uint64_t features() const = 0;
    // The largest size of each queue: powers of two up to kMaxQueueSize.
    virtual std::span<const std::uint16_t> queue_sizes() const = 0;
    // Device-specific configuration; beyond its end reads give 0.
    virtual std::span<const std::byte> config() const = 0;

    // DRIVER_OK: the queues that the driver enabled run, `link` is good until reset().
    virtual void activate(Link& link) = 0;
    // The driver put something in a running queue. Only between activate() and reset().
    virtual void notified(unsigned queue) = 0;
    // Forgets the driver. False if requests are still under way on another thread: guest memory is used until
    // Link::reset_finished().
    virtual bool reset() = 0;
};

// Serves every waiting request of a queue: `handle(chain)` returns the bytes it wrote, or a negative number if the
// request is malformed beyond an answer.
template <typename Handle>
void serve(Link& link, unsigned index, Chain& chain, Handle handle) {
    SplitQueue& queue = link.queue(index);
    do {
        for (;;) {
            const SplitQueue::Pop result = queue.pop(chain);
            if (result == SplitQueue::Pop::Empty) break;
            const std::int64_t written = result == SplitQueue::Pop::Chain ? handle(chain) : -1;
            if (written < 0) return link.needs_reset();
            queue.push(chain, static_cast<std::uint32_t>(written));
        }
        link.publish(index);
    } while (queue.enable_notifications());
}

}  // namespace hospes::virtio
